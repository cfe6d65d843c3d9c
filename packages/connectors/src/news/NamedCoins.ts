/**
 * Which coins a headline names.
 *
 * A symbol counts as a word, in its own case: "DAI" is the coin and "dai" is not, nor is "true" TrueUSD. A pair names its first coin alone: "BTC/USDT"
 * says nothing of USDT. Symbols that are also other things (UST are treasuries, PAX is a fair) need a word beside them that speaks of coins.
 */
interface Names {
  /** In this very case, beside the symbol. */
  readonly names: ReadonlyArray<string>
  /** The symbol is also something else. */
  readonly ambiguous?: true
  /** What makes it something else when it follows. */
  readonly notBefore?: string
}

/** By symbol. A coin that is not here goes by its symbol. */
const known: Readonly<Record<string, Names>> = {
  USDT: { names: ["Tether", "USDt", "USD₮"], notBefore: " Gold" },
  USDC: { names: ["USD Coin"] },
  DAI: { names: ["Dai stablecoin", "Dai Stablecoin", "MakerDAO's Dai", "MakerDAO Dai", "Dai token"] },
  FRAX: { names: ["Frax"] },
  FDUSD: { names: ["First Digital USD"] },
  TUSD: { names: ["TrueUSD", "True USD"] },
  BUSD: { names: ["Binance USD"] },
  PYUSD: { names: ["PayPal USD"] },
  USDP: { names: ["Pax Dollar"] },
  PAX: { names: ["Paxos Standard"], ambiguous: true, notBefore: " Gold" },
  USDE: { names: ["USDe", "Ethena USDe"] },
  SUSDE: { names: ["sUSDe"] },
  SUSDS: { names: ["sUSDS"] },
  SDAI: { names: ["sDAI"] },
  SUSD: { names: ["sUSD"] },
  SFRAX: { names: ["sFRAX"] },
  FRXUSD: { names: ["frxUSD", "Frax USD"] },
  CRVUSD: { names: ["crvUSD"] },
  USDTB: { names: ["USDtb"] },
  XUSD: { names: ["xUSD"] },
  GUSD: { names: ["Gemini Dollar", "Gemini dollar"] },
  LUSD: { names: ["Liquity USD"] },
  RLUSD: { names: ["Ripple USD"] },
  GHO: { names: ["Aave's GHO"] },
  MIM: { names: ["Magic Internet Money"], ambiguous: true },
  UST: { names: ["TerraUSD", "Terra USD"], ambiguous: true, notBefore: " (?:yield|bond|note|bill|future)" },
  USTC: { names: ["TerraClassicUSD", "TerraUSD Classic"], ambiguous: true },
  USDA: { names: [], ambiguous: true },
  EURC: { names: ["Euro Coin"] },
  EURS: { names: ["Stasis Euro", "STASIS EURO"], ambiguous: true }
}

const speaksOfCoins =
  /\b(?:stable ?coins?|de-?peg\w*|re-?peg\w*|pegs?|pegged|crypto\w*|tokens?|blockchain|defi|redemptions?|redeem\w*|terra|luna|paxos|abracadabra|binance|coinbase|kraken|okx|bybit|curve|aave)\b/i

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("'", "['’]")
/** Not within a word, and not the second coin of a pair. `USDC.e` is another token than USDC. */
const asWord = (words: ReadonlyArray<string>, notBefore: string | undefined): RegExp =>
  new RegExp(
    `(?<![\\p{L}\\p{N}_]|[A-Z0-9]{2,12} ?[-/_])(?:${words.map(escaped).join("|")})(?![\\p{L}\\p{N}_]|\\.e\\b${notBefore === undefined ? "" : `|${notBefore}`})`,
    "u"
  )

interface Matcher {
  readonly coin: string
  readonly symbol: RegExp
  readonly names: RegExp | undefined
  /** In a headline that is all in capitals, where case says nothing. */
  readonly capitals: RegExp
  readonly ambiguous: boolean
}

const matcherOf = (coin: string): Matcher => {
  const { ambiguous = false, names = [], notBefore } = known[coin] ?? {}
  return {
    coin,
    symbol: asWord([`$${coin}`, coin], notBefore),
    names: names.length === 0 ? undefined : asWord(names, notBefore),
    capitals: asWord([coin, ...names.map((name) => name.toUpperCase())], notBefore?.toUpperCase()),
    ambiguous
  }
}

/** Names the coins of `symbols` that a text speaks of, in their order. */
export const makeNamedCoins = (symbols: ReadonlyArray<string>): ((text: string) => ReadonlyArray<string>) => {
  const matchers = symbols.map(matcherOf)
  return (text) => {
    const isCapitals = !/\p{Ll}/u.test(text)
    const isOfCoins = speaksOfCoins.test(text)
    return matchers
      .filter(({ ambiguous, capitals, coin, names, symbol }) => {
        if (names?.test(text)) return true
        // "DAI" in capitals may be anybody's name.
        if (isCapitals) return capitals.test(text) && (isOfCoins || (!ambiguous && coin !== "DAI" && coin !== "FRAX"))
        return symbol.test(text) && (!ambiguous || isOfCoins || text.includes(`$${coin}`))
      })
      .map(({ coin }) => coin)
  }
}
