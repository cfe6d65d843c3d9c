/**
 * Positions as they come from outside: collateral and debt of each account, in coins, and how much of each collateral counts.
 *
 * Amounts are decimals written out, so that nothing is lost before it arrives; they are checked here and computed in doubles (see `Positions`).
 */
import { Result, Schema } from "effect"
import { duplicateKeyOf } from "../json/DuplicateKey.ts"

const amountPattern = /^\d{1,30}(\.\d{1,36})?$/
const thresholdPattern = /^(0(\.\d{1,36})?|1(\.0{1,36})?)$/

/** `1000000.5`: no sign, no exponent; up to 30 digits before and 36 behind the point. */
export const Amount = Schema.String.check(Schema.isPattern(amountPattern, { expected: 'a decimal written out, in quotes, as "1000.5"' }))
/** Of a collateral's value, what counts against debt: 0 to 1. Aave calls it the liquidation threshold. */
export const Threshold = Schema.String.check(Schema.isPattern(thresholdPattern, { expected: 'a share in quotes, as "0.78"' }))
const symbolPattern = /^[A-Z0-9]{1,12}$/
/** A record by `CoinSymbol` would leave a key out that is none, and with it a leg; this one refuses it. */
const bySymbol = <Value extends Schema.Constraint>(value: Value) =>
  Schema.Record(Schema.String, value).check(
    Schema.makeFilter((record: object) => Object.keys(record).every((symbol) => symbolPattern.test(symbol)), {
      expected: "coins by their symbols in capitals"
    })
  )
const Amounts = bySymbol(Amount)

export const AccountInput = Schema.Struct({
  /** Any name; an address as a rule. */
  account: Schema.String.check(Schema.isPattern(/^[^\s,]{1,100}$/)),
  collateral: Amounts,
  debt: Amounts,
  /** Where they differ from those of all, as in an efficiency mode. */
  thresholds: Schema.optional(bySymbol(Threshold))
})
export type AccountInput = typeof AccountInput.Type

export const PositionsInput = Schema.Struct({
  /** Liquidation thresholds by collateral. */
  thresholds: bySymbol(Threshold),
  /** Prices in dollars of coins that the engine does not watch. */
  prices: Schema.optional(Amounts),
  accounts: Schema.Array(AccountInput)
})
export type PositionsInput = typeof PositionsInput.Type

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(PositionsInput), { onExcessProperty: "error" })

/** Reads JSON in the form of `PositionsInput`, or CSV with the columns `account,side,coin,amount,threshold`; or says what is wrong. */
export const parsePositions = (text: string): Result.Result<PositionsInput, string> =>
  /^\s*\{/.test(text) ? parseJson(text) : parseCsv(text)

const parseJson = (text: string): Result.Result<PositionsInput, string> =>
  decodeJson(text).pipe(
    Result.mapError(({ message }) => message),
    Result.flatMap((input) => {
      const twice = duplicateKeyOf(text)
      return twice === undefined ? Result.succeed(input) : Result.fail(duplicateWords(twice))
    })
  )

/** Of a key that an object has twice, as a leg that an account would lose. */
export const duplicateWords = (key: string): string => `${key} is there twice in one object: write it once, with the whole amount`

const header = "account,side,coin,amount,threshold"
// A schema takes some microseconds a cell, and a file has millions.
const isSymbol = (text: string): boolean => symbolPattern.test(text)

/** One leg a line. A collateral's threshold is the account's own, so that lines may differ. */
const parseCsv = (text: string): Result.Result<PositionsInput, string> => {
  const lines = text.split(/\r?\n/)
  if (lines[0]?.trim() !== header) return Result.fail(`the first line of a CSV file is ${header}`)
  interface Account {
    readonly collateral: Record<string, string>
    readonly debt: Record<string, string>
    readonly thresholds: Record<string, string>
  }
  const accounts = new Map<string, Account>()
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!
    if (line.trim() === "") continue
    const wrong = (problem: string) => Result.fail(`line ${index + 1}: ${problem}`)
    const cells = line.split(",").map((cell) => cell.trim())
    const [account = "", side = "", coin = "", amount = "", threshold = ""] = cells
    if (cells.length < 4 || cells.length > 5) return wrong(`${cells.length} columns, where ${header} has five`)
    if (!/^\S{1,100}$/.test(account)) return wrong("no account")
    if (side !== "collateral" && side !== "debt") return wrong(`a side is collateral or debt, not ${side}`)
    if (!isSymbol(coin)) return wrong(`${coin} is no coin: give its symbol in capitals`)
    if (!amountPattern.test(amount)) return wrong(`${amount} is no amount: write a decimal out, as 1000.5`)
    if (side === "collateral" && !thresholdPattern.test(threshold))
      return wrong(`a collateral's threshold is a share from 0 to 1, not ${threshold || "empty"}`)
    if (side === "debt" && threshold !== "") return wrong("debt has no threshold")
    let known = accounts.get(account)
    if (known === undefined) accounts.set(account, (known = { collateral: {}, debt: {}, thresholds: {} }))
    if (known[side][coin] !== undefined) return wrong(`${account} has ${coin} as ${side} already`)
    known[side][coin] = amount
    if (side === "collateral") known.thresholds[coin] = threshold
  }
  return Result.succeed({ thresholds: {}, accounts: [...accounts].map(([account, legs]) => ({ account, ...legs })) })
}
