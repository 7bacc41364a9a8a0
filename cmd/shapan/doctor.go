package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"shapan/layers"
	"shapan/layers/checkup"
)

// doctorCommand examines a record.
type doctorCommand struct {
	recordFlags
	JSON   bool        `name:"json" help:"Print the findings as JSON."`
	Strict bool        `help:"Fail on warnings too."`
	Lang   layers.Lang `help:"Language of the page: ${enum}." enum:"zh,en" default:"zh"`
}

// Help teaches.
func (doctorCommand) Help() string {
	return `It reads the record, a running service's too, and changes nothing that opening it would not change. The page says what was
checked, what is wrong and what to do about it. Notes and warnings are no failure; exit code 1 means errors.

    shapan doctor                      one page in Chinese
    shapan doctor --lang en            in English
    shapan doctor --strict             fail on warnings too
    shapan doctor --json | jq '.findings[] | select(.level != "ok")'

The areas that are checked are the layers subdistricts, communities, zones and grids; positions are those of layers whose
features name a grid.`
}

// report is what an examination came to, as --json prints it.
type report struct {
	Version  string           `json:"version"` // of the program
	Record   string           `json:"record"`
	Seq      layers.Seq       `json:"seq"` // of the state that was examined; 0 where it could not be loaded
	At       time.Time        `json:"at"`
	Verdict  string           `json:"verdict"` // healthy or unhealthy
	Findings []layers.Finding `json:"findings"`
}

// Run examines the record and prints what was found on stdout. It fails where there are errors.
func (d doctorCommand) Run(ctx context.Context, console console) error {
	r := report{Version: version(), Record: d.path(), At: time.Now().UTC().Truncate(time.Second), Verdict: "healthy"}
	if d.DatabaseURL != "" {
		r.Record = redact(d.DatabaseURL, false)
	}
	if err := d.examine(ctx, console, &r); err != nil {
		return err
	}
	failed := layers.LevelError
	if d.Strict {
		failed = layers.LevelWarning
	}
	if layers.Worst(r.Findings) >= failed {
		r.Verdict = "unhealthy"
	}
	var err error
	if d.JSON {
		encoder := json.NewEncoder(console.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(r)
	} else {
		err = r.print(console.out, d.Lang)
	}
	if err == nil && r.Verdict != "healthy" {
		err = errors.New("the record is not healthy: see the findings")
	}
	return err
}

// examine gathers the findings. Where the record cannot be opened or loaded, that is the finding.
func (d doctorCommand) examine(ctx context.Context, console console, r *report) error {
	bar := newProgress(console.err, -1, "examining the record")
	defer bar.done()
	store, err := d.open(ctx)
	var wrong misuse
	if errors.As(err, &wrong) {
		return err
	}
	if err != nil {
		r.unusable("record.opens", layers.Both("打开记录库", "Opening"), err)
		return ctx.Err()
	}
	defer store.Close()
	r.Record = store.Where()
	builder := layers.NewBuilder()
	var snapshot *layers.Snapshot
	seq, err := store.Load(ctx, builder)
	if err != nil {
		r.unusable("record.loads", layers.Both("加载记录库", "Loading"), err)
	} else {
		snapshot, r.Seq = builder.Snapshot(seq), seq
	}
	if examiner, ok := store.(layers.Examiner); ok {
		found, err := examiner.Examine(ctx, snapshot)
		r.Findings = append(r.Findings, found...)
		if err != nil {
			r.unusable("record.examined", layers.Both("检查记录库", "Examining"), err)
		}
	} else {
		r.Findings = append(r.Findings, layers.Finding{Check: "record.examined", Level: layers.LevelNote, Title: layers.Both("检查记录库", "Examining"), Count: 1,
			Detail: layers.Both("这种记录库不检查自身，只检查了图上的内容。", "This kind of record does not examine itself: only what is on the map was examined.")})
	}
	if snapshot == nil {
		return ctx.Err()
	}
	r.Findings = append(r.Findings, layers.Unreadable(builder.Notes())...)
	found, err := checkup.Examine(ctx, everything(snapshot), checkup.Options{Progress: bar.set})
	r.Findings = append(r.Findings, found...)
	return err
}

// unusable adds the finding that the record failed.
func (r *report) unusable(check string, title layers.Text, err error) {
	r.Findings = append(r.Findings, layers.Finding{Check: check, Level: layers.LevelError, Title: title, Count: 1,
		Detail: layers.Text{layers.English: err.Error() + "."}})
}

// section is a part of the page: the groups of checks that stand in it.
type section struct {
	title  layers.Text
	groups []string
}

// sections are the parts of the page, in order; the last takes what has no place in another.
func sections() []section {
	return []section{
		{layers.Both("记录库", "Record"), []string{"record"}},
		{layers.Both("图层", "Layers"), []string{"layers"}},
		{layers.Both("编码", "Codes"), []string{"codes"}},
		{layers.Both("街道、社区、网格", "Subdistricts, communities, grids"), []string{"areas", "subdistricts", "communities", "grids"}},
		{layers.Both("片区", "Zones"), []string{"zones"}},
		{layers.Both("人员", "Responders"), []string{"responders"}},
		{layers.Both("位置", "Positions"), []string{"positions"}},
		{layers.Both("时间", "Times"), []string{"times"}},
		{layers.Both("其他", "Other"), nil},
	}
}

// print writes the page.
func (r *report) print(to io.Writer, lang layers.Lang) error {
	w := bufio.NewWriter(to)
	fmt.Fprint(w, layers.Both("沙盘体检  %s  状态 %d  %s\n", "Shapan doctor  %s  state %d  %s\n", r.Record, r.Seq, r.At.Local().Format("2006-01-02 15:04:05 -0700")).In(lang))
	left := r.Findings
	for _, s := range sections() {
		var here, others []layers.Finding
		for _, f := range left {
			if s.groups == nil || slices.Contains(s.groups, f.Group()) {
				here = append(here, f)
			} else {
				others = append(others, f)
			}
		}
		left = others
		if len(here) > 0 {
			fmt.Fprintf(w, "\n%s\n", s.title.In(lang))
		}
		for _, f := range here {
			printFinding(w, &f, lang)
		}
	}
	fmt.Fprintf(w, "\n%s\n", r.conclusion().In(lang))
	return w.Flush()
}

// printFinding writes a finding: a line where all is well, and what to do where it is not.
func printFinding(w io.Writer, f *layers.Finding, lang layers.Lang) {
	detail := f.Detail.In(lang)
	if f.Level != layers.LevelOK && f.Layer != "" {
		detail = f.Layer + ": " + detail
	}
	fmt.Fprintf(w, "  %s %s %s\n", pad(levelName(f.Level).In(lang), 8), pad(f.Title.In(lang), 22), detail)
	if f.Level == layers.LevelOK {
		return
	}
	indent := strings.Repeat(" ", 34)
	if len(f.IDs) > 0 {
		more := ""
		if f.Count > len(f.IDs) {
			more = " …"
		}
		fmt.Fprintf(w, "%sid %s%s\n", indent, strings.Trim(fmt.Sprint(f.IDs), "[]"), more)
	}
	if remedy := f.Remedy.In(lang); remedy != "" {
		fmt.Fprintf(w, "%s→ %s\n", indent, remedy)
	}
}

// levelName returns the word for a level.
func levelName(l layers.Level) layers.Text {
	return [...]layers.Text{layers.Both("正常", "ok"), layers.Both("提示", "note"), layers.Both("警告", "warning"), layers.Both("错误", "ERROR")}[l]
}

// pad fills a text with spaces to a width in columns, of which a Chinese character takes two.
func pad(s string, columns int) string {
	for _, c := range s {
		if columns--; c >= 0x1100 {
			columns--
		}
	}
	return s + strings.Repeat(" ", max(0, columns))
}

// conclusion is the page's last line.
func (r *report) conclusion() layers.Text {
	var n [layers.LevelError + 1]int
	for _, f := range r.Findings {
		n[f.Level]++
	}
	verdict := layers.Both("健康", "healthy")
	if r.Verdict != "healthy" {
		verdict = layers.Both("不健康", "not healthy")
	}
	count := func(lang layers.Lang, format string) string {
		return fmt.Sprintf(format, verdict.In(lang), n[layers.LevelError], n[layers.LevelWarning], n[layers.LevelNote], n[layers.LevelOK])
	}
	return layers.Text{layers.Chinese: count(layers.Chinese, "结论：%s。错误 %d，警告 %d，提示 %d，正常 %d。"),
		layers.English: count(layers.English, "Verdict: %s. Errors %d, warnings %d, notes %d, ok %d.")}
}
