package postgis

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"shapan/layers"

	"github.com/jackc/pgx/v5"
)

// clockSkew is how far the clocks of the service and the database may differ: stages of events are timed by both.
const clockSkew = 5 * time.Second

// examination is one examination of a record at work.
type examination struct {
	store *Store
	tx    pgx.Tx
	known *catalogue
	found []layers.Finding
}

func (x *examination) add(f layers.Finding) { x.found = append(x.found, f) }

// judge adds what a tally comes to under a rule whose texts come in pairs, Chinese and English: title, kept, broken,
// remedy.
func (x *examination) judge(check string, level layers.Level, t layers.Tally, texts ...string) {
	pair := func(i int) layers.Text {
		return layers.Text{layers.Chinese: texts[2*i], layers.English: texts[2*i+1]}
	}
	x.add(layers.Rule{Check: check, Level: level, Title: pair(0), Kept: pair(1), Broken: pair(2), Remedy: pair(3)}.Finding("", t))
}

// Examine implements layers.Examiner. It sees one state of the database.
func (s *Store) Examine(ctx context.Context, snapshot *layers.Snapshot) ([]layers.Finding, error) {
	x := &examination{store: s}
	tx, err := s.pool.BeginTx(ctx, snapshotOptions)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rollback(tx)
	x.tx = tx
	for _, step := range []func(context.Context) error{
		x.versions, x.server, x.durability, x.clock, x.load, x.log, x.rights,
		func(ctx context.Context) (err error) { x.known, err = readCatalogue(ctx, tx, -1); return err },
		x.columns, x.systems, x.indexes, x.triggers, x.rules,
		func(ctx context.Context) error { return x.counts(ctx, snapshot) },
	} {
		if err := step(ctx); err != nil {
			return x.found, unavailable(err)
		}
	}
	return x.found, nil
}

func (x *examination) versions(ctx context.Context) error {
	var postgres, postgis string
	var schema int64
	err := x.tx.QueryRow(ctx, "SELECT current_setting('server_version'), postgis_lib_version(), (SELECT max(version_id) FROM shapan.migrations WHERE is_applied)").
		Scan(&postgres, &postgis, &schema)
	if err != nil {
		return err
	}
	x.add(layers.Finding{Check: "record.version", Title: layers.Both("版本", "Versions"),
		Detail: layers.Both("PostgreSQL %s，PostGIS %s，记录库结构第 %d 版。", "PostgreSQL %s, PostGIS %s, schema of the record %d.", postgres, postgis, schema)})
	return nil
}

func (x *examination) server(ctx context.Context) error {
	var standby, readOnly bool
	if err := x.tx.QueryRow(ctx, "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean").Scan(&standby, &readOnly); err != nil {
		return err
	}
	found := layers.Tally{Looked: 1}
	if standby || readOnly {
		found.Add(nil)
	}
	x.judge("record.writable", layers.LevelError, found, "可写", "Writable", "数据库是主库，可以写入。", "The database is the primary and takes writes.",
		"数据库是备库或只读：不能写入，也收不到变更通知。", "The database is a standby, or read-only: it takes no writes, and tells nobody of changes.",
		"在 --database-url 中写上所有主机，服务会选择主库。", "Name all hosts in --database-url: the service then takes the primary.")
	return nil
}

func (x *examination) durability(ctx context.Context) error {
	var off []string
	err := x.tx.QueryRow(ctx, "SELECT coalesce(array_agg(name), '{}') FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'").Scan(&off)
	if err != nil {
		return err
	}
	found := layers.Tally{Looked: 1}
	if len(off) > 0 {
		found.Add(layers.Both("%s = off。", "%s = off.", strings.Join(off, ", ")))
	}
	x.judge("record.durable", layers.LevelError, found, "断电保护", "Durability", "已确认的写入断电不丢。", "What is acknowledged survives a loss of power.",
		"断电会丢失或损坏数据。", "A loss of power loses or damages data.", "把这些设置改为 on。", "Set them to on.")
	return nil
}

func (x *examination) clock(ctx context.Context) error {
	var theirs time.Time
	before := time.Now()
	if err := x.tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return err
	}
	skew := theirs.Sub(before.Add(time.Since(before) / 2)).Round(time.Millisecond)
	found := layers.Tally{Looked: 1}
	if skew.Abs() > clockSkew {
		found.Add(layers.Both("数据库比本机快 %v。", "The database is ahead of this machine by %v.", skew))
	}
	x.judge("record.clock", layers.LevelWarning, found, "时钟", "Clocks", "数据库与本机的时钟一致。", "The clocks of the database and of this machine agree.",
		"数据库与本机的时钟不一致：时限和先后会算错。", "The clocks of the database and of this machine differ: deadlines and orders come out wrong.",
		"两台机器都使用同一个时间服务器（chrony）。", "Let both machines use the same time server (chrony).")
	return nil
}

// load tells of what wears the server out: connections, transactions that are open for long, prepared ones that hold
// every writer up, notifications that nobody fetches.
func (x *examination) load(ctx context.Context) error {
	var used, most, long, prepared int
	var queue float64
	err := x.tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections')::int,
		(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '1 hour'),
		(SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()), pg_notification_queue_usage()`).Scan(&used, &most, &long, &prepared, &queue)
	if err != nil {
		return err
	}
	found := layers.Tally{Looked: 4}
	if used*10 > most*9 {
		found.Add(layers.Both("%[2]d 个连接已用 %[1]d 个。", "%d of %d connections are taken.", used, most))
	}
	if long > 0 {
		found.Add(layers.Both("%d 个事务已打开一小时以上，日志和旧行无法清理。", "%d transactions have been open for an hour: old rows cannot be removed.", long))
	}
	if prepared > 0 {
		found.Add(layers.Both("%d 个预备事务（PREPARE TRANSACTION）未了结，可能挡住所有写入。", "%d prepared transactions are not ended: they may hold up every writer.", prepared))
	}
	if queue > 0.5 {
		found.Add(layers.Both("通知队列已满 %.0f%%。", "The queue of notifications is %.0f%% full.", math.Round(queue*100)))
	}
	x.judge("record.load", layers.LevelWarning, found, "负载", "Load", "连接、长事务和通知队列都正常。", "Connections, long transactions and notifications are as they should be.",
		"{n} 处负载异常。", "{n} things wear the server out.", "在 pg_stat_activity 与 pg_prepared_xacts 中找到它们，请其所有者结束。", "Find them in pg_stat_activity and pg_prepared_xacts, and have their owners end them.")
	return nil
}

func (x *examination) log(ctx context.Context) error {
	var commits, changes int64
	var oldest *time.Time
	err := x.tx.QueryRow(ctx, "SELECT (SELECT count(*) FROM shapan.commits), (SELECT count(*) FROM shapan.changes), (SELECT min(at) FROM shapan.commits)").Scan(&commits, &changes, &oldest)
	if err != nil {
		return err
	}
	f := layers.Finding{Check: "record.log", Title: layers.Both("变更日志", "Log"),
		Detail: layers.Both("%d 次提交，%d 处变更。", "%d commits, %d changes.", commits, changes)}
	if oldest == nil {
		f.Level, f.Count = layers.LevelError, 1
		f.Detail = layers.Both("日志是空的，无法跟随变更。", "The log is empty: changes cannot be followed.")
		f.Remedy = layers.Both("从备份恢复记录库。", "Restore the record from a backup.")
	} else if changes > 4*x.store.KeepChanges {
		f.Level, f.Count = layers.LevelWarning, 1
		f.Remedy = layers.Both("服务每十分钟清理一次：看它的日志为何没有清理。", "The service shortens it every ten minutes: see in its log why it does not.")
	}
	x.add(f)
	return nil
}

// rights tells what this database user may not do that the service needs, and what it may that the service should not.
func (x *examination) rights(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT format('%I.%I', l.table_schema, l.table_name) || ': ' || r FROM shapan.layers l
		JOIN pg_class c ON c.oid = to_regclass(format('%I.%I', l.table_schema, l.table_name)),
		unnest(CASE WHEN l.adopted AND NOT l.writable THEN '{SELECT}' ELSE '{SELECT,INSERT,UPDATE,DELETE}' END::text[]) r
		WHERE NOT has_table_privilege(c.oid, r) ORDER BY l.number`)
	if err != nil {
		return err
	}
	lacking, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	found := layers.Tally{Looked: 1}
	for _, right := range lacking {
		found.Add(layers.Text{layers.Chinese: right + "。", layers.English: right + "."})
	}
	x.judge("record.rights", layers.LevelError, found, "权限", "Rights", "本用户可以读写各图层。", "This database user may read and write the layers.",
		"本用户缺少 {n} 项权限。", "This database user lacks {n} rights.", "GRANT "+RoleService+" TO 本用户；采用的表由其所有者授权。", "GRANT "+RoleService+" TO this user; the owner of an adopted table grants on it.")
	var user string
	var super, owner bool
	err = x.tx.QueryRow(ctx, "SELECT current_user, rolsuper, pg_has_role(current_user, $1, 'MEMBER') FROM pg_roles WHERE rolname = current_user", RoleOwner).Scan(&user, &super, &owner)
	if err == nil && (super || owner) {
		x.add(layers.Finding{Check: "record.user", Level: layers.LevelNote, Title: layers.Both("用户", "User"), Count: 1,
			Detail: layers.Both("%s 可以修改表结构：运维时合适，服务不需要。", "%s may alter tables: right for looking after the record, more than the service needs.", user),
			Remedy: layers.Both("服务使用只属于 %s 的用户。", "Let the service use a user that is a member of %s alone.", RoleService)})
	}
	return err
}

func (x *examination) columns(context.Context) error {
	var found layers.Tally
	for _, t := range x.known.tables {
		found.Looked += 1 + len(t.columns)
		for _, c := range t.missing {
			found.Add(layers.Both("%s 没有列 %s。", "%s has no column %s.", t.relation(), c))
		}
	}
	x.judge("layers.columns", layers.LevelError, found, "表与列", "Tables", "目录中的表和列都在。", "Every table and column of the catalogue is there.",
		"缺少 {n} 个列。", "{n} columns are missing.", "别的程序改过这些表：恢复它们，或用 layer drop 去掉图层。", "Another program has altered the tables: restore them, or drop the layers.")
	return nil
}

func (x *examination) systems(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT format('%I.%I', l.table_schema, l.table_name), coalesce(g.srid, -1) FROM shapan.layers l
		LEFT JOIN geometry_columns g ON g.f_table_schema = l.table_schema AND g.f_table_name = l.table_name AND g.f_geometry_column = l.geometry_column
		WHERE l.geometry_column IS NOT NULL AND NOT l.adopted ORDER BY l.number`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var found layers.Tally
	for rows.Next() {
		var name string
		var srid int
		if err := rows.Scan(&name, &srid); err != nil {
			return err
		}
		found.Looked++
		if srid != 4326 {
			found.Add(layers.Both("%s 的 SRID 是 %d，应为 4326。", "%s has SRID %d, expected 4326.", name, srid))
		}
	}
	x.judge("layers.systems", layers.LevelError, found, "坐标系", "SRIDs", "{of} 个几何列都是 EPSG:4326。", "All {of} geometry columns are in EPSG:4326.",
		"{n} 个几何列不是 EPSG:4326。", "{n} geometry columns are not in EPSG:4326.", "ALTER TABLE ... ALTER COLUMN geom TYPE geometry(..., 4326) USING ST_Transform(geom, 4326)",
		"ALTER TABLE ... ALTER COLUMN geom TYPE geometry(..., 4326) USING ST_Transform(geom, 4326)")
	return rows.Err()
}

// indexes looks for those that GIS programs need, which ask the tables for what is in view.
func (x *examination) indexes(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT format('%I.%I (%I)', l.table_schema, l.table_name, l.geometry_column) FROM shapan.layers l
		WHERE l.geometry_column IS NOT NULL AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = to_regclass(format('%I.%I', l.table_schema, l.table_name)) AND m.amname = 'gist' AND a.attname = l.geometry_column AND i.indisvalid)
		ORDER BY l.number`)
	if err != nil {
		return err
	}
	bare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var found layers.Tally
	for _, name := range bare {
		found.Add(layers.Text{layers.Chinese: name + "。", layers.English: name + "."})
	}
	x.judge("layers.indexes", layers.LevelWarning, found, "空间索引", "Indexes", "每个几何列都有 GiST 索引。", "Every geometry column has a GiST index.",
		"{n} 个几何列没有 GiST 索引：GIS 软件打开会慢。", "{n} geometry columns have no GiST index: GIS programs are slow on them.",
		"CREATE INDEX CONCURRENTLY ON 表 USING gist (几何列)", "CREATE INDEX CONCURRENTLY ON the_table USING gist (the_column)")
	return nil
}

// triggers looks for those that log the changes of each table and partition.
func (x *examination) triggers(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT part.relid::regclass::text || ': ' || wanted FROM shapan.layers l,
		LATERAL (SELECT to_regclass(format('%I.%I', l.table_schema, l.table_name)) AS relid UNION
			SELECT relid FROM pg_partition_tree(to_regclass(format('%I.%I', l.table_schema, l.table_name)))) part,
		unnest('{shapan_insert,shapan_update,shapan_delete,shapan_truncate}'::text[]) wanted
		WHERE part.relid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = part.relid AND g.tgname = wanted AND g.tgenabled IN ('A', 'O')
			AND g.tgfoid = 'shapan.log_change'::regproc)
		UNION ALL SELECT i.inhrelid::regclass::text || ': shapan_move' FROM shapan.layers l
			JOIN pg_inherits i ON i.inhparent = to_regclass(format('%I.%I', l.table_schema, l.table_name))
			WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = i.inhrelid AND g.tgname = 'shapan_move' AND g.tgenabled IN ('A', 'O'))
		UNION ALL SELECT c.relation || ': ' || c.wanted FROM (VALUES ('shapan.commits', 'number_commit'), ('shapan.layers', 'log_catalogue'),
			('shapan.fields', 'log_catalogue'), ('shapan.codes', 'log_catalogue')) c (relation, wanted)
			WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.relation::regclass AND g.tgname = c.wanted AND g.tgenabled IN ('A', 'O'))
		ORDER BY 1`)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	found := layers.Tally{Looked: len(x.known.tables)}
	for _, name := range missing {
		found.Add(layers.Text{layers.Chinese: name + "。", layers.English: name + "."})
	}
	x.judge("layers.triggers", layers.LevelError, found, "变更触发器", "Triggers", "{of} 个图层的变更都记入日志。", "The changes of all {of} layers are logged.",
		"缺少或停用了 {n} 个触发器：别的程序的修改不会上图。", "{n} triggers are missing or disabled: what other programs change does not reach the map.",
		"由表的所有者运行 SELECT shapan.watch_table('表'::regclass, 图层编号, '主键列')，再重启服务。", "Have the owner run SELECT shapan.watch_table('the_table'::regclass, NUMBER_OF_THE_LAYER, 'KEY_COLUMN'), then restart the service.")
	return nil
}

// rules looks for the constraints that keep enums to their codes.
func (x *examination) rules(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT format('%I.%I (%I)', l.table_schema, l.table_name, f.column_name) FROM shapan.layers l JOIN shapan.fields f ON f.layer = l.name
		WHERE f.type = 'enum' AND NOT l.adopted AND NOT EXISTS (SELECT FROM pg_constraint c
			WHERE c.conrelid = to_regclass(format('%I.%I', l.table_schema, l.table_name)) AND c.conname = 'shapan_codes_' || md5(f.column_name))
		ORDER BY l.number, f."position"`)
	if err != nil {
		return err
	}
	loose, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var found layers.Tally
	for _, name := range loose {
		found.Add(layers.Text{layers.Chinese: name + "。", layers.English: name + "."})
	}
	x.judge("layers.rules", layers.LevelWarning, found, "代码约束", "Code rules", "枚举列只接受代码表中的值。", "Enum columns take the values of the code table and no others.",
		"{n} 个枚举列没有约束。", "{n} enum columns have no rule.", "由所有者运行 SELECT shapan.enforce_codes('图层', '字段')。", "Have the owner run SELECT shapan.enforce_codes('LAYER', 'FIELD').")
	return nil
}

// counts compares memory with the record, in the state that the examination sees. Layers that changed after the state in
// memory are not judged.
func (x *examination) counts(ctx context.Context, s *layers.Snapshot) error {
	if s == nil {
		return nil
	}
	rows, err := x.tx.Query(ctx, "SELECT DISTINCT h.layer FROM shapan.commits c JOIN shapan.changes h USING (tx) WHERE c.seq > $1", int64(s.Seq))
	if err != nil {
		return err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return err
	}
	changed, record := map[string]bool{}, map[string]int{}
	for _, n := range numbers {
		if t := x.known.numbered(n); t != nil {
			changed[t.layer.Name] = true
		}
	}
	for _, t := range x.known.tables {
		if t.gone() {
			continue
		}
		var n int
		if err := x.tx.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s", t.relation())).Scan(&n); err != nil {
			return err
		}
		record[t.layer.Name] = n
	}
	x.found = append(x.found, layers.CompareCounts(s, record, changed)...)
	return nil
}
