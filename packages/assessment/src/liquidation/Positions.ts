/**
 * Positions laid out for computing: columns of numbers, one leg after the other.
 *
 * ```
 * start   [0,       2,    3, …]      the first leg of each account, and one behind the last
 * coin    [USDC, USDT,  USDC, …]     by leg; an account has at most one leg a coin
 * counted [780,     0,     …]        collateral times its threshold, in coins
 * debt    [0,     500,     …]        in coins
 * ```
 *
 * Amounts are doubles from here on: 15 digits of each are kept. A health factor is then right to some parts in 10^14, which is far below what any price is.
 */
import { Result } from "effect"
import type { PositionsInput } from "./PositionsInput.ts"

export interface Positions {
  readonly accounts: ReadonlyArray<string>
  readonly coins: ReadonlyArray<string>
  readonly start: Int32Array
  readonly coin: Int32Array
  readonly counted: Float64Array
  readonly debt: Float64Array
}

/** Coins of one account, and of all: more are refused. Lending markets have some dozens. */
export const legsMax = 64
export const coinsMax = 1000

/** The input as columns, or what it lacks. */
export const positionsOf = ({ accounts, thresholds }: PositionsInput, accountsMax: number): Result.Result<Positions, string> => {
  if (accounts.length > accountsMax) return Result.fail(`${accounts.length} accounts: at most ${accountsMax} are taken`)
  const names = new Set<string>()
  const coins: Array<string> = []
  const coinIndex = new Map<string, number>()
  const start = new Int32Array(accounts.length + 1)
  const coin: Array<number> = []
  const counted: Array<number> = []
  const debt: Array<number> = []
  const indexOf = (symbol: string): number => {
    const known = coinIndex.get(symbol)
    if (known !== undefined) return known
    coinIndex.set(symbol, coins.length)
    return coins.push(symbol) - 1
  }
  /** By coin: the leg of the account that had it last. */
  const legOf: Array<number> = []
  const shared = new Map(Object.entries(thresholds).map(([symbol, threshold]) => [symbol, Number(threshold)]))
  for (let position = 0; position < accounts.length; position++) {
    const account = accounts[position]!
    if (names.has(account.account)) return Result.fail(`${account.account} is there twice`)
    names.add(account.account)
    const from = coin.length
    const collateral = Object.keys(account.collateral)
    const debts = Object.keys(account.debt)
    if (collateral.length > legsMax || debts.length > legsMax)
      return Result.fail(
        `${account.account} has ${Math.max(collateral.length, debts.length)} coins on one side: at most ${legsMax} are taken`
      )
    for (const symbol of collateral) {
      const special = account.thresholds === undefined ? undefined : own(account.thresholds, symbol)
      const threshold = special === undefined ? shared.get(symbol) : Number(special)
      if (threshold === undefined) return Result.fail(`${symbol} is collateral of ${account.account} and has no threshold`)
      const index = indexOf(symbol)
      legOf[index] = coin.length
      coin.push(index)
      counted.push(Number(account.collateral[symbol]) * threshold)
      debt.push(0)
    }
    for (const symbol of debts) {
      const index = indexOf(symbol)
      const amount = Number(account.debt[symbol])
      const leg = legOf[index]
      if (leg !== undefined && leg >= from) debt[leg] = amount
      else {
        coin.push(index)
        counted.push(0)
        debt.push(amount)
      }
    }
    if (coins.length > coinsMax) return Result.fail(`more than ${coinsMax} coins in all: at most so many are taken`)
    start[position + 1] = coin.length
  }
  return Result.succeed({
    accounts: accounts.map(({ account }) => account),
    coins,
    start,
    coin: Int32Array.from(coin),
    counted: Float64Array.from(counted),
    debt: Float64Array.from(debt)
  })
}

/** Names come from outside: none is looked for in a prototype. */
const own = (record: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined
