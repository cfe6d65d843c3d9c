/** The database's disk is full: it answers what it is asked, and refuses everything that would be written, in the words of Postgres. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { layerSimulatedDatabase, type SimulatedDatabase } from "./SimulatedDatabase.ts"

const name = "simulated_disk_full"

const refusing = `
  create or replace function ${name}() returns trigger language plpgsql as $$
  begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
  end $$`

/** For each table: a trigger that is made, or dropped. */
const forEachTable = (statement: string) => `
  do $$
  declare each record;
  begin
    for each in select tablename from pg_tables where schemaname = 'public' loop
      execute format('${statement}', each.tablename);
    end loop;
  end $$`

const drop = forEachTable(`drop trigger if exists ${name} on %I`)
const refuse = forEachTable(`create trigger ${name} before insert or update on %I execute function ${name}()`)

const asked = (database: SimulatedDatabase, statements: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })).pipe(
    Effect.provide(layerSimulatedDatabase(database, {}))
  )

export const fillDisk = (database: SimulatedDatabase) => asked(database, [refusing, drop, refuse])
export const freeDisk = (database: SimulatedDatabase) => asked(database, [drop])
