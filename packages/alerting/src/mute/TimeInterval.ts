/**
 * Times of the week, the month or the year at which a route is mute, or alone speaks: nights, weekends, holidays.
 *
 * A named interval is a list; it holds where one of its entries does. An entry holds where each of the fields that it has does.
 *
 * Source: prometheus.io/docs/alerting/latest/configuration, "time_interval".
 */
import { DateTime, Option, Schema } from "effect"

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]

/** `first:last`, or one alone; names or numbers. Undefined when it is neither. */
const rangeOf = (text: string, numberOf: (part: string) => number | undefined): readonly [first: number, last: number] | undefined => {
  const parts = text.toLowerCase().split(":")
  const [first, last] = [parts[0]!, parts.at(-1)!].map(numberOf)
  return parts.length > 2 || first === undefined || last === undefined ? undefined : [first, last]
}

const named = (names: ReadonlyArray<string>, from: number) => (part: string) => {
  const position = names.indexOf(part)
  return position >= 0 ? position + from : undefined
}
const numbered = (minimum: number, maximum: number) => (part: string) => {
  const value = /^-?\d{1,4}$/.test(part) ? Number(part) : Number.NaN
  return value >= minimum && value <= maximum && value !== 0 ? value : undefined
}
const weekdayOf = named(weekdays, 0)
const monthOf = (part: string) => named(months, 1)(part) ?? numbered(1, 12)(part)
const dayOf = numbered(-31, 31)
const yearOf = numbered(1, 9999)

const minutesOf = (text: string): number | undefined => {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? []
  const total = Number(hours) * 60 + Number(minutes)
  return hours === undefined || total > 1440 ? undefined : total
}

const ranges = (numberOf: (part: string) => number | undefined, expected: string, order: (range: readonly [number, number]) => boolean) =>
  Schema.optionalKey(
    Schema.Array(
      Schema.String.check(
        Schema.makeFilter(
          (text: string) => {
            const range = rangeOf(text, numberOf)
            return range !== undefined && order(range)
          },
          { expected }
        )
      )
    )
  )
const ascending = ([first, last]: readonly [number, number]) => first <= last

export const TimeInterval = Schema.Struct({
  /** `HH:MM`, the end excluded; `24:00` is the day's end. */
  times: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({ start: Schema.String, end: Schema.String }).check(
        Schema.makeFilter(
          ({ end, start }) => {
            const [from, to] = [minutesOf(start), minutesOf(end)]
            return from !== undefined && to !== undefined && from < to
          },
          { expected: "a start before its end on the same day, each as HH:MM" }
        )
      )
    )
  ),
  weekdays: ranges(weekdayOf, "weekdays such as saturday or monday:friday", ascending),
  /** From -1 for the month's last day on backwards. */
  daysOfMonth: ranges(dayOf, "days of the month such as 1:5 or -3:-1", ([first, last]) =>
    first > 0 === last > 0 ? first <= last : first > 0
  ),
  months: ranges(monthOf, "months such as december or 1:3", ascending),
  years: ranges(yearOf, "years such as 2027 or 2027:2030", ascending),
  /** A zone of the IANA database, `Europe/Zurich`; UTC when left out. */
  location: Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((zone: string) => Option.isSome(DateTime.zoneFromString(zone)), { expected: "a zone such as Europe/Zurich" })
    )
  )
})
export type TimeInterval = typeof TimeInterval.Type

/** True where one of the entries holds at `now`, Unix ms. */
export const isWithin = (intervals: ReadonlyArray<TimeInterval>, now: number): boolean => intervals.some((interval) => holds(interval, now))

const holds = ({ daysOfMonth, location, months: inMonths, times, weekdays: onWeekdays, years }: TimeInterval, now: number): boolean => {
  const zone = Option.getOrThrow(DateTime.zoneFromString(location ?? "UTC"))
  const there = DateTime.setZone(DateTime.makeUnsafe(now), zone)
  const { day, hour, minute, month, weekDay, year } = DateTime.toParts(there)
  const days = DateTime.toParts(DateTime.endOf(there, "month")).day
  const minuteOfDay = hour * 60 + minute
  const inRange = (texts: ReadonlyArray<string> | undefined, numberOf: (part: string) => number | undefined, value: number) =>
    texts === undefined ||
    texts.some((text) => {
      const [first, last] = rangeOf(text, numberOf)!
      return value >= first && value <= last
    })
  const inDays = (text: string) => {
    const [first, last] = rangeOf(text, dayOf)!.map((number) => (number < 0 ? days + 1 + number : number))
    return day >= first! && day <= last!
  }
  return (
    (times === undefined || times.some(({ end, start }) => minuteOfDay >= minutesOf(start)! && minuteOfDay < minutesOf(end)!)) &&
    inRange(onWeekdays, weekdayOf, weekDay) &&
    (daysOfMonth === undefined || daysOfMonth.some(inDays)) &&
    inRange(inMonths, monthOf, month) &&
    inRange(years, yearOf, year)
  )
}
