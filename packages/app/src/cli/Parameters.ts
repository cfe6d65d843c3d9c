/** Flags and arguments that several commands take. */
import { coinOf, isCurrency } from "@evenkeel/domain/coin/Coin"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"

export const data = Flag.String("data").pipe(
  Flag.withDescription("Directory of price files (venue-BASE-QUOTE-….csv or .csv.gz); its subdirectories are searched too")
)

export const checkpoints = Flag.String("checkpoints").pipe(
  Flag.withDescription("Directory in which finished parts are kept, so that an interrupted run can be continued"),
  Flag.optional
)

export const model = Flag.String("model").pipe(Flag.withDescription("A model file; the shipped one when left out"), Flag.optional)

export const json = Flag.Boolean("json").pipe(Flag.withDescription("JSON instead of tables"), Flag.withDefault(false))

export const modelFiles = Argument.String("file").pipe(Argument.withDescription("Model files"), Argument.variadic({ min: 1 }))

/** Who did it, for the log. */
export const by = Flag.String("by").pipe(
  Flag.withDescription("Who does it, for the log; the system's user when left out"),
  Flag.withDefault(process.env["USER"] ?? process.env["LOGNAME"] ?? "unknown")
)

/** Symbols with commas between them. */
export const bridges = Flag.String("bridges").pipe(
  Flag.withDescription("Assets whose prices in coins and in currencies price coins as well, as BTC,ETH; none when left out"),
  Flag.withDefault(""),
  Flag.map((text) =>
    text
      .split(",")
      .map((symbol) => symbol.trim())
      .filter((symbol) => symbol !== "")
  ),
  Flag.filter(
    (symbols) => symbols.every((symbol) => /^[A-Z0-9]{1,12}$/.test(symbol) && !isCurrency(symbol) && coinOf(symbol) === undefined),
    () => "--bridges are assets that are pegged to nothing, as BTC,ETH"
  )
)

/** A number above 0. */
export const positive = (name: string) =>
  Flag.Finite(name).pipe(
    Flag.filter(
      (value) => value > 0,
      (value) => `--${name} must be above 0, not ${value}`
    )
  )

/** Recorded prices: files, and directories whose files are all taken. */
export const prices = Flag.String("prices").pipe(
  Flag.withDescription("A price file (venue-BASE-QUOTE-….csv.gz) or a directory of them; may be given several times"),
  Flag.atLeast(1)
)

/** A time, Unix ms; several forms of ISO 8601 are understood. */
const time = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.map((text) => ({ text, time: DateTime.make(text) })),
    Flag.filter(
      ({ time }) => Option.isSome(time),
      ({ text }) => `--${name} ${text} is no time: write 2023-03-10T22:00:00Z`
    ),
    Flag.map(({ time }) => DateTime.toEpochMillis(Option.getOrThrow(time))),
    Flag.optional
  )

export const from = time("from", "Nothing before this time, ISO 8601")
export const to = time("to", "Nothing after this time, ISO 8601")
export const at = time("at", "As of this time, ISO 8601")
