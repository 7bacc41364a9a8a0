package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"shapan/geo"
	"shapan/layers"
	"shapan/tiles"
)

// archiveCommand writes vector tiles into a file.
type archiveCommand struct {
	recordFlags
	File     string   `arg:"" help:"File to write, such as map.pmtiles. It has its name only when it is whole."`
	Layers   []string `help:"The layers, with commas between (default: all that the audience sees)." placeholder:"NAME,..."`
	Zooms    string   `help:"First and last zoom." default:"10-16" placeholder:"MIN-MAX"`
	Scope    string   `help:"Only features of this subdistrict, community, zone or grid." placeholder:"CODE"`
	Audience string   `help:"Who the file is for: ${enum}. What is restricted, personal data among it, is never in a file." enum:"public,internal" default:"public"`
	Lang     string   `help:"Language of titles in the file: ${enum}." enum:"zh,en" default:"zh"`
}

// Help teaches.
func (archiveCommand) Help() string {
	return `The file is a PMTiles archive (version 3) of one state of the record: the tiles that /xyz serves, compressed. MapLibre reads it
with the pmtiles library, QGIS as it is, and 'shapan serve --basemap' offers it.

    shapan archive map.pmtiles
    shapan archive desk.pmtiles --layers grids,facilities,events --zooms 12-17 --audience internal
    shapan archive community.pmtiles --layers grids,buildings --zooms 13-18 --scope 420106001020

What is drawn is kept beside the file, in map.pmtiles.part, until the file is whole. When the work was stopped, the same
command goes on with it, unless the layers have changed since.`
}

// Run writes the archive.
func (a archiveCommand) Run(ctx context.Context, console console) error {
	least, most, err := zoomRange(a.Zooms)
	if err != nil {
		return err
	}
	store, snapshot, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	request, view, err := a.request(snapshot)
	if err != nil {
		return err
	}
	request.MinZoom, request.MaxZoom = least, most
	partName := a.File + ".part"
	part, err := os.OpenFile(partName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", partName, err)
	}
	defer part.Close()
	archiver, err := tiles.NewArchiver(view, request, part)
	if err != nil {
		if info, e := part.Stat(); e == nil && info.Size() == 0 {
			os.Remove(partName)
		}
		if errors.Is(err, layers.ErrInvalid) || errors.Is(err, layers.ErrNotFound) || errors.Is(err, layers.ErrForbidden) {
			return misused("%w", err)
		}
		return err
	}
	if err := draw(ctx, archiver, partName, console); err != nil {
		return err
	}
	size, err := a.write(archiver)
	if err != nil {
		return err
	}
	part.Close()
	if err := os.Remove(partName); err != nil {
		return fmt.Errorf("%s is written; %w", a.File, err)
	}
	fmt.Fprintf(console.err, "%s: %d bytes, zooms %d to %d, of %s\n", a.File, size, least, most, strings.Join(request.Layers, ", "))
	return nil
}

// request says what to archive, and through which view.
func (a archiveCommand) request(s *layers.Snapshot) (tiles.ArchiveRequest, *layers.View, error) {
	r := tiles.ArchiveRequest{Layers: a.Layers, Lang: layers.Lang(a.Lang), Mark: version(), Filters: map[string]layers.Filter{}}
	audience, err := layers.ParseAudience(a.Audience)
	if err != nil {
		return r, nil, misused("--audience: %w", err)
	}
	view := s.View(layers.Scope{Audience: audience})
	if len(r.Layers) == 0 {
		for _, t := range view.Tables() {
			if t.Layer.Drawn() {
				r.Layers = append(r.Layers, t.Layer.Name)
			}
		}
	}
	var titles []string
	for _, name := range r.Layers {
		t, err := view.Table(name)
		if err != nil {
			return r, nil, misused("--layers: for the audience %s %w", a.Audience, err)
		}
		titles = append(titles, t.Layer.Title.In(r.Lang))
		f, err := t.Compile(layers.Query{Area: a.Scope})
		if err != nil {
			return r, nil, misused("--scope: %w", err)
		}
		if f != nil {
			r.Filters[name] = f
		}
	}
	r.Name = strings.Join(titles, layers.Text{layers.Chinese: "、", layers.English: ", "}.In(r.Lang))
	return r, view, nil
}

// zoomRange reads MIN-MAX, or one zoom.
func zoomRange(s string) (least, most int, err error) {
	first, last, two := strings.Cut(s, "-")
	if !two {
		last = first
	}
	least, err1 := strconv.Atoi(first)
	most, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || least < 0 || least > most || most > geo.MaxTileZoom {
		return 0, 0, misused("--zooms %q: expected two zooms from 0 to %d in order, such as 10-16", s, geo.MaxTileZoom)
	}
	return least, most, nil
}

// quietly is the time between lines about long work where there is no terminal.
const quietly = 10 * time.Second

// draw draws what is left, and says how far it is: on a terminal with a bar, elsewhere with a line now and then.
func draw(ctx context.Context, a *tiles.Archiver, part string, console console) error {
	switch {
	case a.Anew:
		fmt.Fprintf(console.err, "%s is of another state of the map, another selection or another version: beginning anew\n", part)
	case a.Done > 0:
		fmt.Fprintf(console.err, "going on after %d of %d tiles\n", a.Done, a.Total)
	}
	bar := newProgress(console.err, a.Total, "tiles")
	told := time.Now()
	err := a.Draw(ctx, func(done, total int64) {
		bar.set(int(done), int(total))
		if bar.bar == nil && time.Since(told) >= quietly {
			told = time.Now()
			fmt.Fprintf(console.err, "%d of %d tiles\n", done, total)
		}
	})
	bar.done()
	if err != nil {
		return fmt.Errorf("stopped after %d of %d tiles: %w; what is drawn is in %s, and the same command goes on with it", a.Done, a.Total, err, part)
	}
	return nil
}

// write makes the archive of what is drawn.
func (a archiveCommand) write(archiver *tiles.Archiver) (int64, error) {
	file, err := createWhole(a.File)
	if err != nil {
		return 0, err
	}
	defer file.discard()
	size, err := archiver.WriteTo(file)
	if errors.Is(err, layers.ErrInvalid) {
		return 0, misused("%w", err)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", a.File, err)
	}
	return size, file.keep()
}
