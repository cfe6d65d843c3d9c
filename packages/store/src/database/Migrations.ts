/** The tables, in the order in which they came to be. Append only: a migration that has run somewhere never changes. */
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { moveFirstLog } from "./FirstLog.ts"

const statements = (...all: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of all) yield* sql.unsafe(statement)
  })

/** By number and name. */
export const migrations = {
  "0001_events": statements(
    `create table event (
      position bigint primary key,
      stream text not null,
      version integer not null,
      kind text not null,
      payload text not null,
      recorded_at double precision not null,
      previous_hash text not null,
      hash text not null,
      unique (stream, version)
    )`
  ),
  "0002_outbox": statements(
    `create table notification (
      idempotency_key text not null,
      receiver text not null,
      position bigint not null,
      payload text not null,
      attempts integer not null default 0,
      next_attempt double precision not null,
      delivered_at double precision,
      last_error text,
      primary key (receiver, idempotency_key)
    )`,
    "create index notification_pending on notification (next_attempt) where delivered_at is null"
  ),
  "0003_alerts": statements(
    `create table alert (
      fingerprint text primary key,
      status text not null,
      level text not null,
      starts_at double precision not null,
      ends_at double precision,
      opened_position bigint not null,
      change text not null
    )`
  ),
  "0004_snapshots": statements(
    `create table snapshot (
      name text primary key,
      position bigint not null,
      payload text not null
    )`
  ),
  "0005_models": statements(
    `create table model (
      version bigint generated always as identity primary key,
      name text not null,
      sha256 text not null unique,
      bytes text not null,
      status text not null,
      added_at double precision not null,
      promoted_at double precision,
      served double precision not null default 0,
      reward double precision not null default 0
    )`
  ),
  "0006_log": statements(
    // The log before it had families: 0010 moves it over.
    "alter table event rename to event_v1",
    "alter table notification rename to notification_v1",
    "alter index notification_pending rename to notification_v1_pending",
    "delete from alert",
    "alter table alert add column position bigint not null default 0",
    "create sequence event_position",
    `create table event (
      transaction_id xid8 not null default pg_current_xact_id(),
      position bigint not null default nextval('event_position') unique,
      stream text not null,
      family text not null,
      version integer not null,
      kind text not null,
      payload text not null,
      key text,
      recorded_at double precision not null,
      chain_index bigint not null,
      previous_hash text not null,
      hash text not null,
      primary key (transaction_id, position),
      unique (stream, version),
      unique (family, chain_index),
      unique (family, key)
    )`,
    "create table event_chain (family text primary key, length bigint not null, hash text not null)",
    // Where a chain begins once retention has removed what came before.
    "create table event_anchor (family text primary key, chain_index bigint not null, hash text not null)",
    `create table consumer (
      name text primary key,
      transaction_id xid8 not null,
      position bigint not null
    )`,
    `create table consumer_poison (
      consumer text not null,
      position bigint not null,
      problem text not null,
      at double precision not null,
      primary key (consumer, position)
    )`
  ),
  "0007_outbox_leases": statements(
    `create table notification (
      receiver text not null,
      idempotency_key text not null,
      fingerprint text not null,
      position bigint not null,
      payload text not null,
      attempts integer not null default 0,
      next_attempt double precision not null,
      lease_owner text,
      lease_until double precision,
      delivered_at double precision,
      abandoned_at double precision,
      last_error text,
      primary key (receiver, idempotency_key)
    )`,
    `create index notification_pending on notification (receiver, fingerprint, position)
      where delivered_at is null and abandoned_at is null`
  ),
  "0008_binary_snapshots": statements(
    "drop table snapshot",
    "create table snapshot (name text primary key, position bigint not null, saved_at double precision not null, payload bytea not null)"
  ),
  "0009_streams": statements(
    // Versions outlive facts that retention removes.
    "create table event_stream (stream text primary key, version integer not null, position bigint not null)",
    "insert into event_stream (stream, version, position) select stream, max(version), max(position) from event group by stream",
    "create index notification_over on notification ((coalesce(delivered_at, abandoned_at)))"
  ),
  "0010_first_log": moveFirstLog,
  "0011_store_id": statements("create table store (id uuid primary key)", "insert into store (id) values (gen_random_uuid())"),
  "0012_last_facts": statements(
    // What a stream said last is known for as long as the stream is, whatever retention removes.
    "alter table event_stream add column kind text, add column payload text",
    `update event_stream set kind = event.kind, payload = event.payload from event
      where event.stream = event_stream.stream and event.version = event_stream.version`
  ),
  "0013_seals": statements(
    // The end of each chain as the engine signed it last.
    `create table event_seal (
      family text primary key,
      length bigint not null,
      hash text not null,
      since bigint not null,
      public_key text not null,
      signature text not null
    )`
  ),
  "0014_abandoned": statements(
    "create index notification_abandoned on notification (receiver, abandoned_at) where abandoned_at is not null"
  ),
  "0015_alert_groups": statements(
    "alter table alert add column labels text not null default '{}', add column closed_reason text",
    // Alerts that are told together, between two looks at them.
    "create table alert_group (key text primary key, look_at double precision not null, members text[] not null, state text not null)",
    "create index alert_group_members on alert_group using gin (members)",
    "create index alert_group_look on alert_group (look_at)",
    // The oldest rows of a receiver are found without looking at all that wait.
    `create index notification_order on notification (receiver, position, idempotency_key)
      where delivered_at is null and abandoned_at is null`,
    "create table acknowledgement (fingerprint text primary key, state text not null)",
    "create table silence (id text primary key, ends_at double precision not null, state text not null)"
  ),
  "0016_notification_priority": statements(
    "alter table notification add column priority integer not null default 0",
    "drop index notification_order",
    `create index notification_order on notification (receiver, priority desc, position, idempotency_key)
      where delivered_at is null and abandoned_at is null`
  ),
  "0017_alert_rules": statements(
    // An alert is of a level change, of a rule, or of either in a market that was made up.
    "alter table alert alter column change drop not null",
    "alter table alert add column rule text, add column closed_by text, add column simulated boolean",
    // Of several engines, one does what only one may do.
    "create table lease (name text primary key, owner text not null, until double precision not null)"
  )
}

/** Brings the database up to date; concurrent starts wait for each other. */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations) })

/** True when the database's newest migration is this version's. */
export const isUpToDate = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [newest] = yield* sql<{ id: number }>`select max(migration_id)::int as id from effect_sql_migrations`
  return newest?.id === Object.keys(migrations).length
})
