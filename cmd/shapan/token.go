package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shapan/api"
	"shapan/layers"
)

// tokenCommand looks after access tokens.
type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make a token and print it, once."`
	List   tokenList   `cmd:"" help:"List tokens: name, role, communities, created, expires, state."`
	Revoke tokenRevoke `cmd:"" help:"End a token at once."`
}

// Help teaches.
func (tokenCommand) Help() string {
	return `Without a token a caller sees public layers only. The record keeps a digest of each token, never the token itself.
A running service takes the change at once.

    shapan token create --role dispatcher --name duty-desk
    shapan token create --role viewer --name community-5 --communities 420106001005 --expires 720h
    TOKEN=$(shapan token create --role display --name hall-wall)
    shapan token revoke hall-wall`
}

// tokenCreate makes a token.
type tokenCreate struct {
	recordFlags
	Role        string        `help:"What the token may do: viewer, analyst and display read; dispatcher and admin also write." enum:"viewer,dispatcher,analyst,admin,display" required:""`
	Name        string        `help:"Who holds it." required:"" placeholder:"NAME"`
	Communities []string      `help:"Codes of the communities it is limited to (default: all)." placeholder:"CODE"`
	Expires     time.Duration `help:"How long it is valid, such as 720h (default: until revoked)." placeholder:"DURATION"`
}

// Run makes the token and prints it on stdout, alone.
func (t tokenCreate) Run(ctx context.Context, console console) error {
	store, snapshot, err := t.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	for _, r := range tokens(snapshot) {
		if r.Get("name").Text() == t.Name && tokenState(r) == "valid" {
			return misused("a token named %q exists: choose another name, or 'shapan token revoke %s' first", t.Name, t.Name)
		}
	}
	if err := checkCommunities(snapshot, t.Communities); err != nil {
		return err
	}
	now, expires := time.Now(), time.Time{}
	if t.Expires < 0 {
		return misused("--expires %s: expected a duration such as 720h", t.Expires)
	}
	if t.Expires > 0 {
		expires = now.Add(t.Expires)
	}
	secret, feature, err := api.NewToken(t.Name, t.Role, t.Communities, expires, now)
	if err != nil {
		return err
	}
	if err := putToken(ctx, store, snapshot, feature); err != nil {
		return err
	}
	fmt.Fprintf(console.err, "token %s made (%s); it is shown only now\n", t.Name, t.Role)
	_, err = fmt.Fprintln(console.out, secret)
	return err
}

// putToken writes a token, and its layer where the record has none yet.
func putToken(ctx context.Context, store record, snapshot *layers.Snapshot, token layers.Feature) error {
	layer := api.TokenLayer()
	var changes []layers.Change
	if _, err := snapshot.Service().Table(layer.Name); err != nil {
		changes = append(changes, layers.Change{Op: layers.Define, Layer: layer.Name, Schema: &layer})
	}
	changes = append(changes, layers.Change{Op: layers.Insert, Layer: layer.Name, Feature: &token})
	_, err := store.Put(ctx, layers.Key{}, changes)
	return err
}

// checkCommunities refuses codes that are no community's, where the record has communities.
func checkCommunities(snapshot *layers.Snapshot, codes []string) error {
	t, err := everything(snapshot).Table("communities")
	if err != nil || len(codes) == 0 {
		return nil
	}
	var known []string
	t.Each(nil, func(r layers.Row) bool { known = append(known, r.Get("code").Text()); return true })
	have := " " + strings.Join(known, " ") + " "
	for _, code := range codes {
		if !strings.Contains(have, " "+code+" ") {
			return misused("--communities: %w", layers.Unknown("community", code, known))
		}
	}
	return nil
}

// tokenList lists tokens.
type tokenList struct {
	recordFlags
}

// Run prints the tokens on stdout, a line each, fields apart by tabs.
func (t tokenList) Run(ctx context.Context, console console) error {
	store, snapshot, err := t.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Fprintln(console.out, "name\trole\tcommunities\tcreated\texpires\tstate")
	for _, r := range tokens(snapshot) {
		communities := strings.Join(r.Get("communities").List(), ",")
		fmt.Fprintln(console.out, strings.Join([]string{r.Get("name").Text(), r.Get("role").Text(), orDash(communities),
			r.Get("created_at").String(), orDash(r.Get("expires_at").String()), tokenState(r)}, "\t"))
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// tokenState says whether a token is valid, expired or revoked now.
func tokenState(r layers.Row) string {
	if !r.Get("revoked_at").IsNull() {
		return "revoked"
	}
	if expires := r.Get("expires_at").Time(); !expires.IsZero() && !time.Now().Before(expires) {
		return "expired"
	}
	return "valid"
}

// tokens returns the tokens of a record, oldest first.
func tokens(snapshot *layers.Snapshot) []layers.Row {
	t, err := snapshot.Service().Table(api.TokenLayer().Name)
	if err != nil {
		return nil
	}
	return t.Page(layers.PageQuery{Limit: t.Len()}).Rows
}

// tokenRevoke ends a token.
type tokenRevoke struct {
	recordFlags
	Name string `arg:"" help:"The token's name, as 'token list' shows it."`
}

// Run marks every valid token of the name as revoked.
func (t tokenRevoke) Run(ctx context.Context, console console) error {
	store, snapshot, err := t.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	layer := api.TokenLayer()
	var changes []layers.Change
	for _, r := range tokens(snapshot) {
		if r.Get("name").Text() != t.Name || tokenState(r) == "revoked" {
			continue
		}
		f := r.Feature()
		f.Values[layer.Index("revoked_at")] = layers.TimeValue(time.Now())
		changes = append(changes, layers.Change{Op: layers.Update, Layer: layer.Name, ID: f.ID, Feature: &f})
	}
	if len(changes) == 0 {
		return fmt.Errorf("no token named %q is valid: 'shapan token list' shows them", t.Name)
	}
	if _, err := store.Put(ctx, layers.Key{}, changes); err != nil {
		return err
	}
	fmt.Fprintf(console.err, "token %s revoked\n", t.Name)
	return nil
}
