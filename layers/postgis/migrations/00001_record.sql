-- The record of the map: the catalogue of its layers, and the log of what changes in them.
-- Everything here belongs to shapan_owner; the tables of the layers are made from the catalogue, not here.

-- +goose Up
SET ROLE shapan_owner;
GRANT USAGE ON SCHEMA shapan TO shapan_service, shapan_reader;

CREATE TABLE shapan.record (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    catalogue bigint NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE shapan.record IS '系统记录库：本库的标识与目录版本 / What record this is, and the version of its catalogue';
COMMENT ON COLUMN shapan.record.catalogue IS '目录版本，每次修改目录加一 / Grows by each change of the catalogue';
INSERT INTO shapan.record DEFAULT VALUES;

CREATE TABLE shapan.layers (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    title_zh text,
    title_en text,
    kind text NOT NULL CHECK (kind IN ('point', 'line', 'polygon', 'mixed', 'none')),
    audience text NOT NULL DEFAULT 'internal' CHECK (audience IN ('public', 'internal', 'restricted', 'system')),
    writable boolean NOT NULL DEFAULT false,
    min_zoom integer NOT NULL DEFAULT 0 CHECK (min_zoom >= 0),
    max_zoom integer NOT NULL DEFAULT 18 CHECK (max_zoom BETWEEN min_zoom AND 24),
    "precision" integer NOT NULL DEFAULT 0,
    time_field text,
    cluster boolean NOT NULL DEFAULT false,
    color_by text,
    personal boolean NOT NULL DEFAULT false,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    key_column text NOT NULL DEFAULT 'id',
    geometry_column text,
    crs text NOT NULL DEFAULT 'EPSG:4326',
    time_zone text,
    adopted boolean NOT NULL DEFAULT false,
    UNIQUE (table_schema, table_name)
);
COMMENT ON TABLE shapan.layers IS '图层目录 / The layers of the map, in the order of their numbers';
COMMENT ON COLUMN shapan.layers.audience IS '可见范围 / Who may see it: public, internal, restricted, system';
COMMENT ON COLUMN shapan.layers.personal IS '要素是人：有 restricted 权限者才能逐个查看，其他人只能看计数 / Features are persons: only who may see restricted layers sees them one by one, others counts of many';
COMMENT ON COLUMN shapan.layers.crs IS '几何列的坐标系，GCJ-02 与 BD-09 在读取时转换 / Reference system of the geometry column';
COMMENT ON COLUMN shapan.layers.time_zone IS '无时区时间列所用的时区 / Zone of columns that hold times without one';
COMMENT ON COLUMN shapan.layers.adopted IS '采用的外部表：删除图层时保留该表 / A table of somebody else: dropping the layer leaves it';

CREATE TABLE shapan.fields (
    layer text NOT NULL REFERENCES shapan.layers (name) ON UPDATE CASCADE ON DELETE CASCADE,
    "position" integer NOT NULL,
    name text NOT NULL,
    column_name text NOT NULL,
    title_zh text,
    title_en text,
    type text NOT NULL CHECK (type IN ('string', 'int', 'float', 'bool', 'time', 'date', 'enum', 'strings')),
    audience text NOT NULL DEFAULT 'public' CHECK (audience IN ('public', 'internal', 'restricted', 'system')),
    unit text,
    required boolean NOT NULL DEFAULT false,
    default_value text,
    in_tiles boolean NOT NULL DEFAULT false,
    PRIMARY KEY (layer, name)
);
COMMENT ON TABLE shapan.fields IS '字段目录 / The fields of the layers';

CREATE TABLE shapan.codes (
    layer text NOT NULL,
    field text NOT NULL,
    "position" integer NOT NULL,
    value text NOT NULL,
    title_zh text,
    title_en text,
    color text,
    PRIMARY KEY (layer, field, value),
    FOREIGN KEY (layer, field) REFERENCES shapan.fields (layer, name) ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE shapan.codes IS '代码表：枚举字段的取值 / The values of enum fields; a change here changes what the tables take';

-- The log. A transaction that changes a layer has one row of commits, which gets its number when the transaction
-- commits, and a row of changes for each row that it changed.
CREATE SEQUENCE shapan.transaction_numbers AS bigint;
CREATE SEQUENCE shapan.commit_numbers AS bigint;

CREATE TABLE shapan.commits (
    tx bigint PRIMARY KEY,
    seq bigint UNIQUE,
    at timestamptz,
    last_change bigint
);
COMMENT ON TABLE shapan.commits IS '变更日志：每个提交一行，编号按提交次序 / The log: a row for each commit, numbered in the order of the commits';
COMMENT ON COLUMN shapan.commits.seq IS '状态编号，提交时给出 / Number of the state of the record after this commit; given at commit';

CREATE TABLE shapan.changes (
    tx bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    layer integer NOT NULL,
    fid bigint NOT NULL,
    op "char" NOT NULL CHECK (op IN ('p', 'd', 'c')),
    PRIMARY KEY (tx, id)
);
-- Most commits change little. From a load that changed a million rows in one PostgreSQL would learn that all are so large.
ALTER TABLE shapan.changes ALTER COLUMN tx SET (n_distinct = -0.5);
COMMENT ON TABLE shapan.changes IS '变更日志：每个要素一行 / The log: a row for each feature that a commit changed';
COMMENT ON COLUMN shapan.changes.op IS 'p 写入，d 删除，c 目录 / p put, d deleted, c the catalogue';

CREATE TABLE shapan.writes (
    key text PRIMARY KEY,
    digest text NOT NULL,
    seq bigint NOT NULL,
    ids jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE shapan.writes IS '已完成的写入，用于识别重试 / Writes that were done, so that a second try is known as one';

-- +goose StatementBegin
-- The number of this transaction in the log; it goes away where a savepoint is rolled back, and another is given then.
CREATE FUNCTION shapan.transaction_number() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    tx bigint := nullif(current_setting('shapan.transaction', true), '');
BEGIN
    IF tx IS NULL THEN
        tx := nextval('shapan.transaction_numbers');
        PERFORM set_config('shapan.transaction', tx::text, true);
    END IF;
    RETURN tx;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Puts this transaction in the log, once. The counter of transactions may stand behind the log (see skip_numbers), and then a
-- number is given that the log has: the transaction fails, rather than stand in the log as the other, where nobody is told.
CREATE FUNCTION shapan.log_commit(tx bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('shapan.logged', true) IS DISTINCT FROM tx::text THEN
        INSERT INTO shapan.commits (tx) VALUES (tx) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE unique_violation USING SCHEMA = 'shapan', TABLE = 'commits', CONSTRAINT = 'commits_pkey',
                MESSAGE = '变更日志的计数器落后于日志，本次未写入 / the counters of the log are behind the log: nothing was written',
                HINT = 'SELECT shapan.skip_numbers(0); the service of the map does it when it connects';
        END IF;
        PERFORM set_config('shapan.logged', tx::text, true);
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Numbers a commit. The lock is held until the transaction has ended, so numbers become visible in their order: who sees
-- one sees all before it. It runs as the last step of a transaction (a deferred trigger), so the lock is held briefly.
CREATE FUNCTION shapan.number_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7237117, 1);
    UPDATE shapan.commits SET seq = nextval('shapan.commit_numbers'), at = clock_timestamp(),
        last_change = (SELECT max(c.id) FROM shapan.changes c WHERE c.tx = NEW.tx)
        WHERE tx = NEW.tx;
    PERFORM pg_notify('shapan', '');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER number_commit AFTER INSERT ON shapan.commits
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shapan.number_commit();
ALTER TABLE shapan.commits ENABLE ALWAYS TRIGGER number_commit; -- in sessions that replicate too, as all triggers of the log

-- +goose StatementBegin
-- Logs what a statement did to a layer's table. Arguments: the layer's number, its key column.
CREATE FUNCTION shapan.log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tx bigint := shapan.transaction_number();
    layer integer := TG_ARGV[0];
    key text := quote_ident(TG_ARGV[1]);
    n bigint;
    m bigint := 0;
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        EXECUTE format('INSERT INTO shapan.changes (tx, layer, fid, op) SELECT $1, $2, %s, ''p'' FROM new_rows', key) USING tx, layer;
        GET DIAGNOSTICS n = ROW_COUNT;
    WHEN 'UPDATE' THEN
        EXECUTE format('INSERT INTO shapan.changes (tx, layer, fid, op) SELECT $1, $2, o.%s, ''d'' FROM old_rows o'
            ' WHERE NOT EXISTS (SELECT FROM new_rows n WHERE n.%s = o.%s)', key, key, key) USING tx, layer;
        GET DIAGNOSTICS m = ROW_COUNT;
        EXECUTE format('INSERT INTO shapan.changes (tx, layer, fid, op) SELECT $1, $2, %s, ''p'' FROM new_rows', key) USING tx, layer;
        GET DIAGNOSTICS n = ROW_COUNT;
    WHEN 'DELETE' THEN
        EXECUTE format('INSERT INTO shapan.changes (tx, layer, fid, op) SELECT $1, $2, %s, ''d'' FROM old_rows', key) USING tx, layer;
        GET DIAGNOSTICS n = ROW_COUNT;
    WHEN 'TRUNCATE' THEN
        EXECUTE format('INSERT INTO shapan.changes (tx, layer, fid, op) SELECT $1, $2, %s, ''d'' FROM %I.%I', key, TG_TABLE_SCHEMA, TG_TABLE_NAME) USING tx, layer;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
            -- It removes rows, too, that were committed after this transaction began to look, and which it does not see:
            -- whoever follows the log loads everything again.
            INSERT INTO shapan.changes (tx, layer, fid, op) VALUES (tx, 0, 0, 'c');
            n := n + 1;
        END IF;
    END CASE;
    IF n + m > 0 THEN
        PERFORM shapan.log_commit(tx);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Logs a row that may move to another partition. A MERGE that moves one shows it to none of the triggers by statement that
-- fire; what both log is told once. Arguments: the layer's number, its key column.
CREATE FUNCTION shapan.log_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tx bigint := shapan.transaction_number();
    was bigint;
    becomes bigint;
BEGIN
    EXECUTE format('SELECT ($1).%1$I, ($2).%1$I', TG_ARGV[1]) USING OLD, NEW INTO was, becomes;
    IF was <> becomes THEN
        INSERT INTO shapan.changes (tx, layer, fid, op) VALUES (tx, TG_ARGV[0]::integer, was, 'd');
    END IF;
    INSERT INTO shapan.changes (tx, layer, fid, op) VALUES (tx, TG_ARGV[0]::integer, becomes, 'p');
    PERFORM shapan.log_commit(tx);
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Logs that the catalogue changed: whoever follows the log loads everything again.
CREATE FUNCTION shapan.log_catalogue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tx bigint := shapan.transaction_number();
BEGIN
    UPDATE shapan.record SET catalogue = catalogue + 1;
    INSERT INTO shapan.changes (tx, layer, fid, op) VALUES (tx, 0, 0, 'c');
    PERFORM shapan.log_commit(tx);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER log_catalogue AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON shapan.layers
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.log_catalogue();
ALTER TABLE shapan.layers ENABLE ALWAYS TRIGGER log_catalogue;
CREATE TRIGGER log_catalogue AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON shapan.fields
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.log_catalogue();
ALTER TABLE shapan.fields ENABLE ALWAYS TRIGGER log_catalogue;
CREATE TRIGGER log_catalogue AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON shapan.codes
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.log_catalogue();
ALTER TABLE shapan.codes ENABLE ALWAYS TRIGGER log_catalogue;

-- +goose StatementBegin
-- Installs the triggers of the log on a table and its partitions. The number may be that of a layer to come.
CREATE FUNCTION shapan.watch_table(target regclass, layer integer, key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part regclass;
    what text;
    moves text;
BEGIN
    FOR part IN SELECT target UNION SELECT relid FROM pg_partition_tree(target) WHERE relid IS NOT NULL LOOP
        PERFORM shapan.unwatch_table(part);
        FOREACH what IN ARRAY ARRAY[
            'shapan_insert AFTER INSERT ON %1$s REFERENCING NEW TABLE AS new_rows',
            'shapan_update AFTER UPDATE ON %1$s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows',
            'shapan_delete AFTER DELETE ON %1$s REFERENCING OLD TABLE AS old_rows',
            'shapan_truncate BEFORE TRUNCATE ON %1$s'] LOOP
            EXECUTE format('CREATE TRIGGER ' || what || ' FOR EACH STATEMENT EXECUTE FUNCTION shapan.log_change(%2$L, %3$L)', part, layer, key);
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', part, split_part(what, ' ', 1));
        END LOOP;
        SELECT CASE WHEN bool_or(p.partexprs IS NOT NULL) THEN 'true'
            ELSE string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', a.attname), ' OR ') END INTO moves
            FROM pg_partition_ancestors(part) u JOIN pg_partitioned_table p ON p.partrelid = u.relid
            LEFT JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs)
            WHERE (SELECT relkind FROM pg_class WHERE oid = part) = 'r';
        IF moves IS NOT NULL THEN
            EXECUTE format('CREATE TRIGGER shapan_move BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION shapan.log_move(%L, %L)', part, moves, layer, key);
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER shapan_move', part);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION shapan.unwatch_table(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    trigger_name name;
BEGIN
    FOR trigger_name IN SELECT tgname FROM pg_trigger WHERE tgrelid = target AND NOT tgisinternal
            AND tgname IN ('shapan_insert', 'shapan_update', 'shapan_delete', 'shapan_truncate', 'shapan_move') LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, target);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Makes a column take the codes of its field and nothing else.
CREATE FUNCTION shapan.enforce_codes(of_layer text, of_field text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    target record;
    list text;
    rule text;
BEGIN
    SELECT format('%I.%I', l.table_schema, l.table_name) AS relation, l.adopted, f.column_name, f.type INTO target
        FROM shapan.layers l JOIN shapan.fields f ON f.layer = l.name WHERE l.name = of_layer AND f.name = of_field;
    IF NOT FOUND OR target.adopted OR to_regclass(target.relation) IS NULL THEN
        RETURN;
    END IF;
    rule := left('shapan_codes_' || md5(target.column_name), 63);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', target.relation, rule);
    SELECT string_agg(quote_literal(value), ', ' ORDER BY "position") INTO list FROM shapan.codes WHERE layer = of_layer AND field = of_field;
    IF list IS NULL AND target.type = 'enum' THEN
        RAISE EXCEPTION 'field % of layer % is an enum and needs at least one code', of_field, of_layer USING ERRCODE = 'check_violation';
    END IF;
    IF list IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IN (%s))', target.relation, rule, target.column_name, list);
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Keeps the rules of the tables with the codes, whoever edits them.
CREATE FUNCTION shapan.codes_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM shapan.enforce_codes(o.layer, o.field) FROM (SELECT DISTINCT layer, field FROM old_rows) o;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM shapan.enforce_codes(n.layer, n.field) FROM (SELECT DISTINCT layer, field FROM new_rows) n;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER codes_inserted AFTER INSERT ON shapan.codes REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.codes_changed();
CREATE TRIGGER codes_updated AFTER UPDATE ON shapan.codes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.codes_changed();
CREATE TRIGGER codes_deleted AFTER DELETE ON shapan.codes REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION shapan.codes_changed();
ALTER TABLE shapan.codes ENABLE ALWAYS TRIGGER codes_inserted, ENABLE ALWAYS TRIGGER codes_updated, ENABLE ALWAYS TRIGGER codes_deleted;

-- +goose StatementBegin
-- Shortens the log: commits older than keep_for, and those beyond the last keep_changes changes, but never the newest.
-- Returns how many commits it removed; at most 5,000 a call, so that it is brief.
CREATE FUNCTION shapan.shorten_log(keep_changes bigint, keep_for interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest bigint;
    latest bigint;
    gone bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7237117, 2) THEN
        RETURN 0; -- another server is at it
    END IF;
    DELETE FROM shapan.writes WHERE at < clock_timestamp() - interval '25 hours'
        OR key LIKE 'once %' AND at < clock_timestamp() - interval '10 minutes'; -- keys that nobody sends again
    SELECT seq, last_change INTO newest, latest FROM shapan.commits WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
    -- The oldest, up to the first that is to be kept: a log with a hole would tell a reader less than happened. (A commit
    -- that was long in the making may have older changes than those that were numbered before it.)
    WITH first AS (
        SELECT tx, seq, at < clock_timestamp() - keep_for OR coalesce(last_change, 0) <= latest - keep_changes AS old
            FROM shapan.commits WHERE seq < newest ORDER BY seq LIMIT 5000
    ), old AS (
        DELETE FROM shapan.commits WHERE tx IN (
            SELECT tx FROM first WHERE seq < (SELECT coalesce(min(seq), newest) FROM first WHERE old IS NOT TRUE))
        RETURNING tx
    ), logged AS (
        DELETE FROM shapan.changes c USING old WHERE c.tx = old.tx
    )
    SELECT count(*) INTO gone FROM old;
    RETURN gone;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Moves the counters of the log past a number that was told to somebody, and past what the log has. They stand behind after a
-- fail-over that lost the last commits, and then no number may stand for two states; after a crash where the database was
-- made as a copy of another (CREATE DATABASE ... TEMPLATE); and where rows were replicated, or restored, without counters.
CREATE FUNCTION shapan.skip_numbers(told bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest bigint := greatest(told, (SELECT max(seq) FROM shapan.commits));
    latest bigint := (SELECT max(tx) FROM shapan.commits);
BEGIN
    IF EXISTS (SELECT FROM shapan.commit_numbers WHERE last_value < newest OR NOT is_called) THEN
        PERFORM pg_advisory_xact_lock(7237117, 1);
        PERFORM setval('shapan.commit_numbers', newest) FROM shapan.commit_numbers WHERE last_value < newest OR NOT is_called;
    END IF;
    -- Drawn rather than set: who begins a transaction at the same time must not be given a number twice.
    PERFORM nextval('shapan.transaction_numbers') FROM shapan.transaction_numbers, generate_series(last_value, latest)
        WHERE last_value < latest OR NOT is_called;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Makes the months that a partitioned layer needs, from since to the third month after today, and moves what stands in
-- the rest into them. Returns how many it made. At most 600 months, so that one absurd time does not make a million tables.
CREATE FUNCTION shapan.add_months(of_layer text, since date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'Asia/Shanghai' AS $$
DECLARE
    parent regclass;
    number integer;
    of_key text;
    time_column text;
    rest text;
    part text;
    month date := date_trunc('month', since);
    made integer := 0;
BEGIN
    SELECT t.oid, l.number, l.key_column, f.column_name INTO parent, number, of_key, time_column
        FROM shapan.layers l JOIN shapan.fields f ON f.layer = l.name AND f.name = l.time_field
        JOIN pg_class t ON t.oid = to_regclass(format('%I.%I', l.table_schema, l.table_name)) AND t.relkind = 'p'
        WHERE l.name = of_layer AND NOT l.adopted;
    IF NOT FOUND OR NOT pg_try_advisory_xact_lock(7237117, 4) THEN
        RETURN 0;
    END IF;
    SELECT inhrelid::regclass::text INTO rest FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = parent AND pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT';
    WHILE month < date_trunc('month', now()) + interval '4 months' AND made < 600 LOOP
        part := left((SELECT relname FROM pg_class WHERE oid = parent), 50) || to_char(month, '_"y"YYYY"m"MM');
        IF to_regclass(format('shapan.%I', part)) IS NULL THEN
            EXECUTE format('CREATE TABLE shapan.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)', part, parent);
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rest); -- what only moves has not changed
            EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO shapan.%I SELECT * FROM moved',
                rest, time_column, month::timestamptz, time_column, (month + interval '1 month')::timestamptz, part);
            EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', rest);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION shapan.%I FOR VALUES FROM (%L) TO (%L)',
                parent, part, month::timestamptz, (month + interval '1 month')::timestamptz);
            PERFORM shapan.watch_table(format('shapan.%I', part)::regclass, number, of_key);
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    PERFORM shapan.watch_table(rest::regclass, number, of_key); -- always enabled again, whoever replicates
    RETURN made;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- A polygon made valid; the polygon as it is where that fails, for one bad row must not stop the map.
CREATE FUNCTION shapan.mended(g public.geometry) RETURNS public.geometry LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ST_CollectionExtract(ST_MakeValid(g), ST_Dimension(g) + 1);
EXCEPTION WHEN OTHERS THEN
    RETURN g;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- A geometry in WGS-84; null where its reference system is not known.
CREATE FUNCTION shapan.in_wgs84(g public.geometry) RETURNS public.geometry LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ST_Transform(g, 4326);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The first state, from which the log goes on.
INSERT INTO shapan.commits (tx) VALUES (shapan.transaction_number());

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA shapan FROM public;
GRANT EXECUTE ON FUNCTION shapan.transaction_number(), shapan.shorten_log(bigint, interval), shapan.skip_numbers(bigint), shapan.add_months(text, date),
    shapan.mended(public.geometry), shapan.in_wgs84(public.geometry) TO shapan_service;
GRANT SELECT ON shapan.record, shapan.layers, shapan.fields, shapan.codes, shapan.commits, shapan.changes, shapan.writes TO shapan_service;
GRANT INSERT ON shapan.writes TO shapan_service;
GRANT SELECT ON shapan.record, shapan.layers, shapan.fields, shapan.codes TO shapan_reader;
RESET ROLE;
GRANT SELECT ON shapan.migrations TO shapan_owner, shapan_service, shapan_reader;
