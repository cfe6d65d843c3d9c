/** What the services for people share. */
import { Schema } from "effect"
import type { CardOptions } from "../../render/Card.ts"

export type ServiceContext = CardOptions

/** Unique among receivers. `console` is the screen's. */
export const serviceName = Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9_.-]{1,64}$/))

/** An address that holds a key: what stands behind its host is never shown. */
export const SecretUrl = Schema.Redacted(
  Schema.String.check(
    Schema.isPattern(/^https?:\/\//),
    Schema.makeFilter((text: string) => URL.canParse(text), { expected: "an address" })
  )
)

/** A key or a password. */
export const Secret = Schema.Redacted(Schema.NonEmptyString)

/** A key that is sent in a header, which takes no other characters. */
export const HeaderSecret = Schema.Redacted(Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/)))
