/**
 * Dates of feeds, Unix ms: RFC 822 with two or four digits of the year (RSS), RFC 3339 and the W3C's shorter forms (Atom, Dublin Core, JSON Feed).
 * NaN for whatever is no date.
 */
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const minute = 60_000
/** Hours of the zones that RFC 822 names. */
const zones: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  utc: 0,
  z: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7
}

const rfc822 =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([a-z]{1,3}|[+-]\d{2}:?\d{2}))?$/i
const rfc3339 = /^(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*(z|[+-]\d{2}:?\d{2})?)?$/i

const offsetOf = (zone: string | undefined): number => {
  if (zone === undefined) return 0
  const numeric = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (numeric === null) return (zones[zone.toLowerCase()] ?? Number.NaN) * 60 * minute
  return (numeric[1] === "-" ? -1 : 1) * (Number(numeric[2]) * 60 + Number(numeric[3])) * minute
}

/** NaN for the 31st of a month that has 30 days, and the like. */
const timeOf = (year: number, month: number, day: number, hours: number, minutes: number, seconds: number, zone: string | undefined) => {
  const isWithin = month >= 0 && month < 12 && day >= 1 && hours < 24 && minutes < 60 && seconds <= 60
  const lastDay = [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
  return isWithin && day <= lastDay! ? Date.UTC(year, month, day, hours, minutes, seconds) - offsetOf(zone) : Number.NaN
}

export const newsTime = (text: string): number => {
  const date = text.slice(0, 60).replace(/\s+/g, " ").trim()
  const named = rfc822.exec(date)
  if (named !== null) {
    const [, day, month, year, hours, minutes, seconds = "0", zone] = named
    const short = Number(year)
    const full = year!.length === 4 ? short : short < 70 ? 2000 + short : 1900 + short
    return timeOf(full, months.indexOf(month!.toLowerCase()), Number(day), Number(hours), Number(minutes), Number(seconds), zone)
  }
  const numbered = rfc3339.exec(date)
  if (numbered === null) return Number.NaN
  const [, year, month, day = "1", hours = "0", minutes = "0", seconds = "0", zone] = numbered
  return timeOf(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds), zone)
}
