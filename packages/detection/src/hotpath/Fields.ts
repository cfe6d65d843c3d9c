/**
 * Saves and loads what an object keeps in its fields: numbers, flags, typed arrays, and other objects of the same kind, as deep as they go.
 *
 * The detectors are made of such fields and nothing else, so that whatever one of them learns is part of a checkpoint without a line of its own.
 * Loading is all or nothing for each object: what was saved by another version, with other fields or other lengths, is refused.
 */
export type Saved = number | boolean | Float64Array | ReadonlyArray<Saved> | { readonly [field: string]: Saved }

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !ArrayBuffer.isView(value)

/** Every field of `object` but those that are named. */
export const saveFields = (object: object, except: ReadonlyArray<string> = []): Saved =>
  Object.fromEntries(
    Object.entries(object).flatMap(([field, value]: [string, unknown]) =>
      except.includes(field) || value === undefined ? [] : [[field, saveValue(value)]]
    )
  )

const saveValue = (value: unknown): Saved => {
  if (typeof value === "number" || typeof value === "boolean") return value
  if (value instanceof Float64Array) return value.slice()
  if (Array.isArray(value)) return value.map(saveValue)
  if (isFields(value)) return saveFields(value)
  throw new TypeError(`a field of type ${typeof value} cannot be part of a checkpoint`)
}

/** Whether `saved` fits `object`, field by field. */
export const fits = (object: object, saved: Saved, except: ReadonlyArray<string> = []): boolean => {
  if (!isFields(saved)) return false
  const fields = Object.entries(object).filter(([field, value]: [string, unknown]) => !except.includes(field) && value !== undefined)
  return fields.length === Object.keys(saved).length && fields.every(([field, value]: [string, unknown]) => fitsValue(value, saved[field]))
}

const fitsValue = (value: unknown, saved: unknown): boolean => {
  if (value instanceof Float64Array) return saved instanceof Float64Array && saved.length === value.length
  if (Array.isArray(value))
    return Array.isArray(saved) && saved.length === value.length && value.every((each, index) => fitsValue(each, saved[index]))
  if (isFields(value)) return isFields(saved) && fits(value, saved as Saved)
  return typeof value === typeof saved
}

/** Takes over what fits. */
export const loadFields = (object: object, saved: Saved, except: ReadonlyArray<string> = []): void => {
  const target = object as Fields
  for (const [field, value] of Object.entries(saved as Fields)) {
    if (except.includes(field)) continue
    const own = target[field]
    if (own instanceof Float64Array) own.set(value as Float64Array)
    else if (isFields(own)) loadFields(own, value as Saved)
    else target[field] = value
  }
}
