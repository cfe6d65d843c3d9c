/** The tables, in the order in which they came to be. Append only: a migration that has run somewhere never changes. */
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"

const statements = (...all: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of all) yield* sql.unsafe(statement)
  })

const migrations = {
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
  )
}

/** Brings the database up to date; concurrent starts wait for each other. */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations) })
