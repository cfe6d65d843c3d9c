/**
 * How good or bad a headline is for the coins that it names: a small lexicon, negations, and the clause in which a coin stands.
 *
 * It is meant to be read and corrected by people, and to be wrong in known ways: it knows no irony, no questions, and nothing of who says it.
 */
import type { NamedCoin } from "@evenkeel/domain/market/News"

/** Longer phrases first: what one has matched, no other one counts again. */
const lexicon: ReadonlyArray<readonly [words: RegExp, weight: number]> = [
  [
    /\b(?:re-?gain(?:s|ed|ing)?|re-?store[sd]?|return(?:s|ed)? to|back (?:at|to)|recover(?:s|ed|ing)?|holds?|held|keep(?:s|ing)?|maintain(?:s|ed|ing)?) (?:its |the |their )?(?:\$1|(?:dollar |euro |usd )?(?:peg|parity))/gi,
    0.8
  ],
  [
    /\b(?:los(?:es|ing|t|e)|break(?:s|ing)?|broke|slip(?:s|ped|ping)?|fall(?:s|ing)?|fell|drop(?:s|ped|ping)?|sink(?:s|ing)?|drift(?:s|ed|ing)?|trad(?:es|ing)) (?:from |off |below |under |away from )?(?:its |the |their )?(?:\$1|(?:dollar |euro |usd )?(?:peg|parity))/gi,
    -1
  ],
  [
    // To an amount that is below the peg: $0.87, 0.94, 87 cents; not 0.999 and not 0.87 billion.
    /\b(?:fall(?:s|en|ing)?|fell|drop(?:s|ped|ping)?|sinks?|sank|sunk|sinking|slip(?:s|ped|ping)?|slid(?:es?|ing)?|dip(?:s|ped|ping)?|plunge[sd]?|plummet(?:s|ed|ing)?|crash(?:es|ed|ing)?|tumble[sd]?|trad(?:es?|ed|ing)) (?:to|at|below|under|near|around) (?:[$€]\s?)?(?:0?\.(?:\d{1,2}|[0-8]\d+|9[0-8]\d+|99[0-4]\d*)(?!\d|\s?(?:%|percent|bps|[bm]n?\b|[bmtr]+illion))|(?:[1-8]\d(?:\.\d+)?|9[0-8](?:\.\d+)?|99(?:\.[0-4]\d*)?)\s?(?:cents?\b|¢))/gi,
    -1
  ],
  [/\bno longer (?:fully )?(?:pegged|backed|redeemable)\b/gi, -1],
  [/\b(?:depegging|depegged|depegs?|de-peg(?:s|ged|ging)?|unpeg(?:s|ged|ging)?)\b/gi, -1],
  [/\bre-?peg(?:s|ged|ging)?\b/gi, 0.8],
  [
    /\b(?:redemptions?|withdrawals?|redeeming)\s+(?:\w+\s+){0,2}(?:paus(?:ed?|es|ing)|halt(?:s|ed)?|suspended|frozen|blocked|stopped)/gi,
    -0.9
  ],
  [
    /\b(?:paus(?:e[sd]?|ing)|halt(?:s|ed|ing)?|suspend(?:s|ed|ing)?|fr(?:ee|o)ze?(?:s|n)?|freezing|block(?:s|ed|ing)?|stop(?:s|ped|ping)?|limit(?:s|ed|ing)?)\s+(?:\w+\s+){0,3}(?:redemptions?|withdrawals?|redeeming|conversions?)/gi,
    -0.9
  ],
  [/\b(?:bank runs?|runs? on)\b/gi, -0.9],
  [/\b(?:insolven(?:t|cy)|bankrupt(?:cy)?|collaps(?:e[sd]?|ing)|chapter 11|receivership|death spiral|implod(?:e[sd]?|ing))\b/gi, -1],
  [
    /\b(?:hack(?:s|ed|ers?|ing)?|exploit(?:s|ed|er|ers|ing)?|drain(?:s|ed|ing)?|stolen|theft|rug ?pull|flash loan attack|infinite mint)\b/gi,
    -0.8
  ],
  [
    /\b(?:under-?collaterali[sz]ed|undercapitali[sz]ed|unbacked|shortfalls?|bad debt|missing reserves|fails? audit|not fully backed)\b/gi,
    -0.8
  ],
  [/\b(?:delist(?:s|ed|ing)?|de-list(?:s|ed|ing)?|to remove|drops support|end(?:s|ing)? support)\b/gi, -0.6],
  [/\b(?:halt(?:s|ed|ing)?|suspend(?:s|ed|ing)?|suspension|paus(?:e[sd]?|ing)|outage)\b/gi, -0.6],
  [/\b(?:plunge[sd]?|plummet(?:s|ed|ing)?|crash(?:es|ed|ing)?|tumble[sd]?|panic|contagion|turmoil|crisis|sell-?off)\b/gi, -0.6],
  [
    /\b(?:fraud|lawsuits?|sue[sd]?|charge[sd]|probes?|investigat(?:es?|ed|ion|ions|ing)|subpoena(?:s|ed)?|ban(?:s|ned)?|fine[sd]|sanction(?:s|ed)?|downgrade[sd]?)\b/gi,
    -0.4
  ],
  [/\b(?:freez(?:e|es|ing)|froze|frozen|blacklist(?:s|ed|ing)?)\b/gi, -0.3],
  [/\b(?:resum(?:e[sd]?|ing|ption)|reopen(?:s|ed|ing)?|re-?enabl(?:e[sd]?|ing))\b/gi, 0.6],
  [/\b(?:restor(?:e[sd]?|ing)|recover(?:s|ed|ing|y)?|reimburse[sd]?|made whole|fully repaid|rescued?|bailout|backstop(?:s|ped)?)\b/gi, 0.6],
  [/\b(?:attestations?|proof of reserves|fully (?:backed|reserved)|clean audit|audited|overcollaterali[sz]ed)\b/gi, 0.4],
  [/\b(?:approv(?:es|ed|al)|licen[sc]ed?|launch(?:es|ed)?|lists|listed|partners?(?:hip)?|integrat(?:es|ed|ion))\b/gi, 0.2]
]

/**
 * What turns the words behind it round, with at most two words between; it does not make them as strong the other way. "After" does so where the coin
 * is well again: it regains its peg after an exploit, and falls after one. "No end to" turns nothing.
 */
const negation =
  /(?:\b(?:no(?! (?:end|let-?up)\b)|not|never|without|neither|nor|denies|denied|deny|denying|avoids?|avoided|averts?|averted|fails? to|failed to|rules? out|ruled out|(?<!\bno )ends?|ended|ending|lifts?|lifted|lifting|reverses?|reversed|unlikely to|dismisses|refutes|(?<=(?<!\b(?:not|never|yet) )\b(?:regain(?:s|ed)|recover(?:s|ed)|restore[sd]|resume[sd]|reopen(?:s|ed)|return(?:s|ed)|repeg(?:s|ged))\b.*\s)after)|n['’]t)(?:\s+(?!after\b)[\p{L}\p{N}'’$-]+){0,2}\s+$/iu
const negated = -0.5
/** Of the words before, as far back as is looked. */
const lookBack = 60

/** Where one statement ends and the next begins. */
const clauseEnd = /[;:!?](?:\s|$)|\.\s|\s[–—|-]\s|\b(?:while|whereas|although|though|despite|but|as)\b/iu

/** The sum of what the words weigh, -1 to 1; undefined where no word is known. */
const weigh = (clauses: ReadonlyArray<string>): number | undefined => {
  let sum = 0
  let isKnown = false
  for (const clause of clauses) {
    let rest = clause
    for (const [words, weight] of lexicon) {
      rest = rest.replace(words, (match, ...parts: ReadonlyArray<unknown>) => {
        const at = parts.find((part) => typeof part === "number") ?? 0
        const isNegated = negation.test(clause.slice(Math.max(0, at - lookBack), at))
        sum += isNegated ? negated * weight : weight
        isKnown = true
        // Of the same length, so that places stay what they are.
        return " ".repeat(match.length)
      })
    }
  }
  return isKnown ? Math.max(-1, Math.min(1, sum)) : undefined
}

/** The score of each coin that `named` finds in a headline: by the clauses that name it, or else by those that name no other coin. */
export const toneOf = (title: string, named: (text: string) => ReadonlyArray<string>): ReadonlyArray<NamedCoin> => {
  const clauses = title.split(clauseEnd).map((text) => ({ text, coins: named(text) }))
  const textsOf = (test: (coins: ReadonlyArray<string>) => boolean) => clauses.filter(({ coins }) => test(coins)).map(({ text }) => text)
  return named(title).map((coin) => {
    const own = textsOf((coins) => coins.includes(coin))
    // A name may reach over the end of a clause: then none has it.
    const score = weigh(own) ?? weigh(own.length === 0 ? [title] : textsOf((coins) => coins.length === 0)) ?? 0
    return { coin, score: Math.round(score * 1000) / 1000 }
  })
}
