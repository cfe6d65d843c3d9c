/** What the engine knows right now, for those who only look. */
import { Context } from "effect"
import type { CoinView } from "../contract/group/Coins.ts"

export class EngineView extends Context.Service<
  EngineView,
  {
    /** The markets are no real ones. */
    readonly simulated: boolean
    /** Every coin, in the order of the configuration; read when called. */
    readonly coins: () => ReadonlyArray<CoinView>
  }
>()("@evenkeel/api/server/EngineView") {}
