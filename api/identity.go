package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"shapan/layers"
)

// TokenLayer is the service's own layer in which a record keeps its tokens: never the secret, only its digest.
func TokenLayer() layers.Layer {
	text := func(name, zh, en string) layers.Field {
		return layers.Field{Name: name, Title: layers.Text{layers.Chinese: zh, layers.English: en}, Type: layers.String, Required: true}
	}
	at := func(name, zh, en string) layers.Field {
		return layers.Field{Name: name, Title: layers.Text{layers.Chinese: zh, layers.English: en}, Type: layers.Time}
	}
	return layers.Layer{
		Name: "tokens", Title: layers.Text{layers.Chinese: "令牌", layers.English: "Tokens"},
		Kind: layers.None, Audience: layers.System,
		Fields: []layers.Field{
			text("name", "名称", "Name"), text("role", "角色", "Role"), text("digest", "摘要", "Digest"),
			{Name: "communities", Title: layers.Text{layers.Chinese: "社区", layers.English: "Communities"}, Type: layers.Strings},
			at("created_at", "创建", "Created"), at("expires_at", "到期", "Expires"), at("revoked_at", "吊销", "Revoked"),
		},
	}
}

// role is what the holder of a token may do.
type role struct {
	audience layers.Audience
	write    bool
}

// roles by the name that a token carries. Who writes must see the whole of what is written.
func roles(name string) (role, bool) {
	r, ok := map[string]role{
		"viewer":     {layers.Internal, false},
		"display":    {layers.Internal, false},
		"analyst":    {layers.Internal, false},
		"dispatcher": {layers.Restricted, true},
		"admin":      {layers.Restricted, true},
	}[name]
	return r, ok
}

// Roles lists the roles that a token may have.
func Roles() []string { return []string{"viewer", "dispatcher", "analyst", "admin", "display"} }

// NewToken makes a token: the secret, which is shown once and kept nowhere, and the feature of TokenLayer to put in the
// record. communities limits what it sees to these codes, none means everywhere; the zero expires means never. It fails
// with layers.ErrInvalid for an unknown role or an empty name.
func NewToken(name, roleName string, communities []string, expires, now time.Time) (secret string, f layers.Feature, err error) {
	if _, ok := roles(roleName); !ok {
		return "", f, layers.Unknown("role", roleName, Roles())
	}
	if strings.TrimSpace(name) == "" {
		return "", f, layers.Invalid("name", "a token needs a name that says who holds it")
	}
	var bytes [24]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		return "", f, err
	}
	secret = "shapan_" + base64.RawURLEncoding.EncodeToString(bytes[:])
	f.Values = []layers.Value{
		layers.TextValue(name), layers.TextValue(roleName), layers.TextValue(digest(secret)),
		layers.ListValue(communities), layers.TimeValue(now), layers.TimeValue(expires), layers.Null(),
	}
	return secret, f, nil
}

// digest is what a record keeps of a secret. The secret has 192 random bits, so a plain hash cannot be searched.
func digest(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// caller is who asks.
type caller struct {
	name  string // of the token; empty: the public
	role  string
	scope layers.Scope
	write bool
}

// identify finds the caller by the bearer token. No token is the public; a wrong one is an error, never the public.
func identify(s *layers.Snapshot, r *http.Request, now time.Time) (caller, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{}, nil
	}
	scheme, secret, _ := strings.Cut(header, " ")
	refused := &problem{Status: http.StatusUnauthorized, Detail: "the token is not known, has expired or was revoked"}
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return caller{}, &problem{Status: http.StatusUnauthorized, Detail: "expected the header Authorization: Bearer TOKEN"}
	}
	t, err := s.Service().Table("tokens")
	if err != nil {
		return caller{}, refused
	}
	found, ok := findToken(t, digest(strings.TrimSpace(secret)))
	if !ok {
		return caller{}, refused
	}
	expires, revoked := found.Get("expires_at").Time(), found.Get("revoked_at")
	if !revoked.IsNull() || !expires.IsZero() && !now.Before(expires) {
		return caller{}, refused
	}
	c := caller{name: found.Get("name").Text(), role: found.Get("role").Text()}
	may, ok := roles(c.role)
	if !ok {
		return caller{}, refused
	}
	c.scope = layers.Scope{Audience: may.audience, Communities: found.Get("communities").List()}
	c.write = may.write
	return c, nil
}

// findToken looks a digest up. What is compared is a hash of the secret, so its timing tells nothing of the secret.
func findToken(t *layers.Table, digest string) (found layers.Row, ok bool) {
	t.Each(nil, func(r layers.Row) bool {
		if r.Get("digest").Text() == digest {
			found, ok = r, true
		}
		return !ok
	})
	return found, ok
}
