/** `pnpm bench liquidations`: a report of 100,000 accounts, against valuing each anew under each change. */
import { type Bench, interleave, quantile, ratioRow } from "@evenkeel/runtime/bench/Bench"
import { Result } from "effect"
import { horizonsPlainly, madeCoins, madePositions, madeQuantiles } from "../../test/support/MadePositions.ts"
import { reportInSlices } from "./LiquidationReport.ts"
import { positionsOf } from "./Positions.ts"

const accounts = 100_000
/** The plain way takes seconds for all of them. */
const plainAccounts = 2000

export const benches: ReadonlyArray<Bench> = [
  {
    name: "liquidations",
    run: async () => {
      const input = madePositions(accounts)
      const few = madePositions(plainAccounts)
      const report = () => {
        const positions = Result.getOrThrow(positionsOf(input, accounts))
        const prices = positions.coins.map((symbol) => madeCoins.find(({ coin }) => coin === symbol)!)
        const slices = reportInSlices({ positions, prices, quantiles: madeQuantiles, shocks: [], first: 20, time: 0, simulated: false })
        while (slices.next().done !== true);
      }
      const [fast = [], plain = []] = await interleave(
        [
          { run: report, count: accounts },
          { run: () => void horizonsPlainly(few), count: plainAccounts }
        ],
        7,
        1
      )
      const nanos = quantile(fast, 0.5)
      return [
        ratioRow("a report of liquidations against every account valued anew, per account", 20, plain, fast),
        {
          name: "a report of 100,000 accounts, from decoded input",
          bar: "≤ 1 s",
          measured: `${((nanos * accounts) / 1e9).toFixed(2)} s, ${Math.round(1e9 / nanos).toLocaleString("en-US")} accounts/s`,
          met: (nanos * accounts) / 1e9 <= 1,
          figures: { accountsPerSecond: 1e9 / nanos }
        }
      ]
    }
  }
]
