/**
 * `pnpm bench [filter]`: runs the benches whose name or file matches, prints each row beside its bar, writes `bench/results.json`.
 *
 * Exits with 1 when a bar is not met.
 */
import type { Bench, BenchResult } from "@evenkeel/runtime/bench/Bench"
import { globSync, mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus } from "node:os"

const filter = process.argv[2] ?? ""
const results: Array<BenchResult> = []
process.stdout.write(`${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, Node ${process.version}\n\n`)
for (const file of globSync("packages/*/src/**/*.bench.ts").sort()) {
  const { benches } = (await import(new URL(`../${file}`, import.meta.url).href)) as { readonly benches: ReadonlyArray<Bench> }
  for (const bench of benches) {
    if (!bench.name.includes(filter) && !file.includes(filter)) continue
    if (bench.byNameAlone === true && bench.name !== filter) continue
    for (const result of await bench.run()) {
      results.push(result)
      process.stdout.write(`${result.met ? "met   " : "MISSED"}  ${result.name.padEnd(66)} ${result.bar.padEnd(28)} ${result.measured}\n`)
    }
  }
}
mkdirSync("bench", { recursive: true })
writeFileSync("bench/results.json", `${JSON.stringify({ node: process.version, cores: availableParallelism(), results }, undefined, 2)}\n`)
const missed = results.filter(({ met }) => !met).length
process.stdout.write(`\n${results.length - missed} bars met, ${missed} missed\n`)
process.exit(missed > 0 ? 1 : 0)
