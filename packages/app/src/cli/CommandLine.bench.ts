/** How long `evenkeel --help` takes, against Node doing nothing. */
import { type Bench, type BenchResult, interleave, quantile } from "@evenkeel/runtime/bench/Bench"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const entry = fileURLToPath(new URL("../../bin/evenkeel.js", import.meta.url))
const ratioMax = 8

const runNode = (args: ReadonlyArray<string>): void => {
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" })
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`)
}

const help = async (): Promise<ReadonlyArray<BenchResult>> => {
  const [nothing, shown] = await interleave(
    [
      { count: 1, run: () => runNode(["-e", "0"]) },
      { count: 1, run: () => runNode([entry, "--help"]) }
    ],
    15
  )
  const ratio = quantile(
    shown!.map((time, round) => time / nothing![round]!),
    0.5
  )
  const [own, other] = [quantile(shown!, 0.5) / 1e6, quantile(nothing!, 0.5) / 1e6]
  return [
    {
      name: "evenkeel --help, against node -e 0",
      bar: `≤ ${ratioMax}x`,
      measured: `${ratio.toFixed(1)}x: ${own.toFixed(0)} against ${other.toFixed(0)} ms`,
      met: ratio <= ratioMax,
      figures: { ratio, ownMillis: own, baselineMillis: other }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "help", run: help }]
