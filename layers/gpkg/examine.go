package gpkg

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shapan/layers"
)

// What an examination takes for too little or too much.
const (
	leastFree = 64 << 20        // bytes of disk space: with less, writes are about to fail
	lowFree   = 1 << 30         // bytes of disk space: time to make room
	largeWAL  = 256 << 20       // bytes of the write-ahead log: something keeps it from being put back into the file
	clockSkew = 5 * time.Minute // clocks may differ by so much
)

// examination is one examination of the file at work.
type examination struct {
	*session
	store *Store
	known *catalogue
	found []layers.Finding
}

func (x *examination) add(f layers.Finding) { x.found = append(x.found, f) }

// Examine implements layers.Examiner. Triggers that were missing were made again when the file was opened: that is told.
func (s *Store) Examine(ctx context.Context, snapshot *layers.Snapshot) ([]layers.Finding, error) {
	r, err := s.session(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	defer r.close()
	mended, err := s.repaired(ctx)
	if err != nil {
		return nil, err
	}
	x := &examination{session: r, store: s}
	err = r.read(func() error {
		steps := []func() error{
			x.versions, x.integrity, x.references, x.journal, x.rights, x.disk, x.size, x.clock,
			func() (err error) { x.known, err = x.catalogue(); return err },
			x.columns, x.systems,
			func() error { return x.triggers(mended) },
			func() error { return x.counts(snapshot) },
		}
		for _, step := range steps {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return x.found, unavailable(err)
}

// repaired returns the layers whose triggers were made again by this store.
func (s *Store) repaired(ctx context.Context) ([]string, error) {
	select {
	case s.gate <- struct{}{}:
		defer func() { <-s.gate }()
		return slices.Clone(s.mended), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// texts returns the first column of a query's rows.
func (n *session) texts(query string, args ...driver.Value) (out []string, err error) {
	err = n.each(query, args, func(row []driver.Value) error {
		out = append(out, text(row[0]))
		return nil
	})
	return out, err
}

func (x *examination) versions() error {
	sqlite, err := x.texts("SELECT sqlite_version()")
	if err != nil {
		return err
	}
	version, err := x.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	f := layers.Finding{Check: "record.version", Title: layers.Both("版本", "Versions"),
		Detail: layers.Both("SQLite %s, GeoPackage %d.%d (user_version %d)。", "SQLite %s, GeoPackage %d.%d (user_version %d).",
			strings.Join(sqlite, ""), version/10000, version/100%100, version)}
	if version != userVersion {
		f.Level, f.Count = layers.LevelWarning, 1
		f.Detail = layers.Both("user_version 是 %d，应为 %d：别的程序改过这个文件。", "The user_version is %d, expected %d: another program has altered the file.", version, userVersion)
		f.Remedy = layers.Both("sqlite3 %s 'PRAGMA user_version = %d'", "sqlite3 %s 'PRAGMA user_version = %d'", x.store.path, userVersion)
	}
	x.add(f)
	return nil
}

func (x *examination) integrity() error {
	said, err := x.texts("PRAGMA quick_check(10)")
	if err != nil {
		return err
	}
	found := layers.Tally{Looked: 1}
	if !slices.Equal(said, []string{"ok"}) {
		for _, line := range said {
			found.Add(layers.Text{layers.Chinese: line + "。", layers.English: line + "."})
		}
	}
	x.add(layers.Rule{
		Check: "record.integrity", Level: layers.LevelError, Title: layers.Both("文件完整", "Integrity"),
		Kept:   layers.Both("SQLite 的 quick_check 没有发现损坏。", "SQLite's quick_check finds no damage."),
		Broken: layers.Both("SQLite 发现 {n} 处损坏。", "SQLite finds {n} places damaged."),
		Remedy: layers.Both("停止服务，从备份恢复；没有备份时用 sqlite3 的 .recover 抢救。", "Stop the service and restore the file from a copy; without one, try sqlite3's .recover."),
	}.Finding("", found))
	return nil
}

func (x *examination) references() error {
	var found layers.Tally
	err := x.each("PRAGMA foreign_key_check", nil, func(row []driver.Value) error {
		about := fmt.Sprintf("%s → %s", text(row[0]), text(row[2]))
		found.Add(layers.Text{layers.Chinese: about + "。", layers.English: about + "."})
		return nil
	})
	x.add(layers.Rule{
		Check: "record.references", Level: layers.LevelWarning, Title: layers.Both("目录一致", "Catalogue"),
		Kept:   layers.Both("GeoPackage 的目录表互相对应。", "GeoPackage's own tables agree with each other."),
		Broken: layers.Both("GeoPackage 的目录表有 {n} 行没有对应。", "{n} rows of GeoPackage's own tables refer to nothing."),
		Remedy: layers.Both("别的程序删过这些行：从备份恢复。", "Another program has removed what they refer to: restore it from a copy."),
	}.Finding("", found))
	return err
}

func (x *examination) journal() error {
	mode, err := x.texts("PRAGMA journal_mode")
	f := layers.Finding{Check: "record.journal", Title: layers.Both("预写日志", "Journal"),
		Detail: layers.Both("预写日志（WAL）已启用：读写互不等待。", "The write-ahead log is on: readers and the writer do not wait for each other.")}
	if m := strings.Join(mode, ""); !strings.EqualFold(m, "wal") {
		f.Level, f.Count = layers.LevelWarning, 1
		f.Detail = layers.Both("日志方式是 %s，应为 wal:写入时读取要等待。", "The journal mode is %s, expected wal: readers wait for the writer.", m)
		f.Remedy = layers.Both("把数据放在本地磁盘（网络文件系统不支持 WAL），再启动一次服务。", "Keep the data on a local disk (network file systems cannot have a WAL) and start the service again.")
	}
	x.add(f)
	return err
}

// rights tells who may write. That this user may is known: opening the file began and ended a write.
func (x *examination) rights() error {
	dir := filepath.Dir(x.store.path)
	var found layers.Tally
	for _, path := range []string{dir, x.store.path} {
		info, err := os.Stat(path)
		if err != nil {
			about := fmt.Sprintf("%s: %v", path, err)
			found.Add(layers.Text{layers.Chinese: about + "。", layers.English: about + "."})
			continue
		}
		if mode := info.Mode(); mode.Perm()&0o002 != 0 && mode&os.ModeSticky == 0 {
			found.Add(layers.Both("%s 的权限是 %v。", "%s has mode %v.", path, mode.Perm()))
		}
	}
	x.add(layers.Rule{
		Check: "record.rights", Level: layers.LevelWarning, Title: layers.Both("权限", "Rights"),
		Kept:   layers.Both("本用户可以写入，其他人不能。", "This user may write to the record, and not everyone may."),
		Broken: layers.Both("本机任何人都能改写记录库。", "Everyone on this machine may alter the record."),
		Remedy: layers.Both("chmod o-w %s %s", "chmod o-w %s %s", dir, x.store.path),
	}.Finding("", found))
	return nil
}

func (x *examination) disk() error {
	free, ok := freeBytes(filepath.Dir(x.store.path))
	if !ok {
		return nil
	}
	f := layers.Finding{Check: "record.disk", Title: layers.Both("磁盘空间", "Disk space"), Detail: layers.Both("磁盘剩余 %s。", "%s are free on the disk.", size(int64(free)))}
	if free < lowFree {
		f.Level, f.Count = layers.LevelWarning, 1
		if free < leastFree {
			f.Level = layers.LevelError
		}
		f.Detail = layers.Both("磁盘只剩 %s，应不少于 %s。", "Only %s are free on the disk, expected %s at least.", size(int64(free)), size(lowFree))
		f.Remedy = layers.Both("清理磁盘，或用 --data 换一个文件夹。", "Make room, or move the record to another disk and name it with --data.")
	}
	x.add(f)
	return nil
}

// size writes a number of bytes for the person.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", n>>10)
}

func (x *examination) size() error {
	entries, err := x.number("SELECT count(*) FROM shapan_changes")
	if err != nil {
		return err
	}
	bytes, wal := fileSize(x.store.path), fileSize(x.store.path+"-wal")
	f := layers.Finding{Check: "record.size", Title: layers.Both("大小", "Size"),
		Detail: layers.Both("文件 %s，预写日志 %s，变更日志 %d 条（保留 %d 条）。", "The file has %s, its write-ahead log %s; the log of changes has %d entries, %d are kept.",
			size(bytes), size(wal), entries, int64(x.store.keep))}
	if wal > largeWAL {
		f.Level, f.Count = layers.LevelWarning, 1
		f.Remedy = layers.Both("有程序长时间占着读取：关闭打开此文件的 QGIS 等程序，再重启服务。", "A program has been reading for a long time: close QGIS and others that have the file open, then restart the service.")
	}
	x.add(f)
	return nil
}

// fileSize returns a file's size in bytes; 0 where it is not there.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// clock compares this machine's clock with the times that the record was written at.
func (x *examination) clock() error {
	latest, by := time.Time{}, ""
	see := func(at time.Time, what string) {
		if at.After(latest) {
			latest, by = at, what
		}
	}
	for _, path := range []string{x.store.path, x.store.path + "-wal"} {
		if info, err := os.Stat(path); err == nil {
			see(info.ModTime(), filepath.Base(path))
		}
	}
	changed, err := x.texts("SELECT max(last_change) || '' FROM gpkg_contents") // as an expression, so that it stays a text
	if err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339, strings.Join(changed, "")); err == nil {
		see(at, "gpkg_contents")
	}
	f := layers.Finding{Check: "record.clock", Title: layers.Both("时钟", "Clock"), Detail: layers.Both("记录库没有来自将来的写入。", "Nothing in the record was written in the future.")}
	if ahead := time.Until(latest); ahead > clockSkew {
		f.Level, f.Count = layers.LevelWarning, 1
		f.Detail = layers.Both("最近一次写入（%s）比本机时钟晚 %v：有一台机器的时钟不准。", "The last write (%s) is %v later than this machine's clock: one of the clocks is wrong.", by, ahead.Round(time.Second))
		f.Remedy = layers.Both("timedatectl set-ntp true", "timedatectl set-ntp true")
	}
	x.add(f)
	return nil
}

// columns looks for the tables and columns of the layers.
func (x *examination) columns() error {
	var tallies []layers.LayerTally
	for _, t := range x.known.tables {
		found := layers.LayerTally{Layer: t.layer.Name, Tally: layers.Tally{Looked: len(t.columns)}}
		missing := t.missing
		if t.layer.Kind != layers.None && !t.gone() {
			present, err := x.columnsOf(t.name)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(present, func(p string) bool { return strings.EqualFold(p, "geom") }) {
				missing = append([]string{"geom"}, missing...)
			}
		}
		if t.gone() {
			missing = []string{"*"}
		}
		for _, column := range missing {
			found.Add(layers.Both("%s.%s。", "%s.%s.", t.name, column))
		}
		tallies = append(tallies, found)
	}
	x.found = append(x.found, layers.Rule{
		Check: "layers.columns", Level: layers.LevelError, Title: layers.Both("表与列", "Columns"),
		Kept:   layers.Both("每个图层的表和 {of} 个字段的列都在。", "Every layer has its table, and each of the {of} fields its column."),
		Broken: layers.Both("缺 {n} 列（* 表示整张表），这些字段读出来都是空。", "{n} columns (* is the whole table) are missing: what they held is lost, and reads as empty."),
		Remedy: layers.Both("从备份恢复；或用 'shapan layer drop' 去掉图层后重新导入。", "Restore them from a copy; or remove the layer with 'shapan layer drop' and load it again."),
	}.Findings(tallies)...)
	return nil
}

// systems looks at the reference system that is declared for each geometry column, by which other programs place it.
func (x *examination) systems() error {
	declared := map[string]int64{}
	err := x.each("SELECT g.table_name, g.srs_id, c.srs_id FROM gpkg_geometry_columns g JOIN gpkg_contents c USING (table_name)", nil, func(row []driver.Value) error {
		column, _ := row[1].(int64)
		declared[text(row[0])] = column
		if contents, _ := row[2].(int64); contents != srsWGS84 {
			declared[text(row[0])] = contents
		}
		return nil
	})
	if err != nil {
		return err
	}
	var tallies []layers.LayerTally
	var wrong []string
	for _, t := range x.known.tables {
		if t.layer.Kind == layers.None || t.gone() {
			continue
		}
		found := layers.LayerTally{Layer: t.layer.Name, Tally: layers.Tally{Looked: 1}}
		if srs, ok := declared[t.name]; !ok {
			found.Add(layers.Both("%s 没有登记。", "%s is not declared at all.", t.name))
		} else if srs != srsWGS84 {
			found.Add(layers.Both("%[1]s 登记为 %[2]d。", "%s is declared as %d.", t.name, srs))
			wrong = append(wrong, literal(t.name))
		}
		tallies = append(tallies, found)
	}
	const set = `sqlite3 %[1]s "UPDATE gpkg_geometry_columns SET srs_id = 4326 WHERE table_name IN (%[2]s); UPDATE gpkg_contents SET srs_id = 4326 WHERE table_name IN (%[2]s)"`
	x.found = append(x.found, layers.Rule{
		Check: "layers.srs", Level: layers.LevelError, Title: layers.Both("坐标系", "Reference systems"),
		Kept:   layers.Both("{of} 个几何列都登记为 EPSG:4326（WGS 84）。", "All {of} geometry columns are declared as EPSG:4326 (WGS 84)."),
		Broken: layers.Both("几何列的坐标系应登记为 4326，QGIS 等会把它画错位置。", "The geometry column should be declared as 4326: QGIS and others draw it in the wrong place."),
		Remedy: layers.Both(set, set, x.store.path, strings.Join(wrong, ", ")),
	}.Findings(tallies)...)
	return nil
}

// triggers looks at the triggers that log every change.
func (x *examination) triggers(mended []string) error {
	have := map[string]string{}
	err := x.each("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'", nil, func(row []driver.Value) error {
		have[text(row[0])] = text(row[1])
		return nil
	})
	if err != nil {
		return err
	}
	var tallies []layers.LayerTally
	for _, t := range x.known.tables {
		if t.gone() {
			continue
		}
		wanted := t.triggers()
		found := layers.LayerTally{Layer: t.layer.Name, Tally: layers.Tally{Looked: len(wanted)}}
		for _, name := range slices.Sorted(maps.Keys(wanted)) {
			if have[name] != wanted[name] {
				found.Add(layers.Both("%s。", "%s.", name))
			}
		}
		tallies = append(tallies, found)
	}
	rule := layers.Rule{
		Check: "layers.triggers", Level: layers.LevelError, Title: layers.Both("触发器", "Triggers"),
		Kept:   layers.Both("{of} 个触发器都在：任何程序的改动都会进入日志。", "All {of} triggers are there: every change is logged, whoever makes it."),
		Broken: layers.Both("{n} 个触发器缺失或被改过：别的程序的改动不会被服务看到。", "{n} triggers are missing or were altered: the service does not see what other programs change."),
		Remedy: layers.Both("删除被改过的触发器，再运行一次：打开记录库时会重新建立。", "Drop those that were altered and run this again: opening the record makes them anew."),
	}
	x.found = append(x.found, rule.Findings(tallies)...)
	if len(mended) > 0 {
		x.add(layers.Finding{Check: "layers.mended", Level: layers.LevelWarning, Title: layers.Both("触发器已修复", "Triggers mended"), Count: len(mended),
			Detail: layers.Both("%v 的触发器被别的程序删除，刚才已重新建立；其间别的程序的改动没有进入日志。", "Another program had removed triggers of %v; they were made again just now. What others changed in between was not logged.", mended),
			Remedy: layers.Both("正在运行的服务会自动重新加载，不需要处理。", "A running service loads the record again by itself: nothing has to be done.")})
	}
	return nil
}

// counts compares memory with the file, as far as both are of one state.
func (x *examination) counts(snapshot *layers.Snapshot) error {
	if snapshot == nil {
		return nil
	}
	count := map[string]int{}
	for _, t := range x.known.tables {
		if t.gone() {
			continue
		}
		n, err := x.number("SELECT count(*) FROM " + quote(t.name))
		if err != nil {
			return err
		}
		count[t.layer.Name] = int(n)
	}
	since, err := x.texts("SELECT DISTINCT layer FROM shapan_changes WHERE seq > ?", int64(snapshot.Seq))
	changed := map[string]bool{}
	for _, layer := range since {
		changed[layer] = true
	}
	x.found = append(x.found, layers.CompareCounts(snapshot, count, changed)...)
	return err
}
