/**
 * What is wrong with the database, in words for operators: one that is away is looked for elsewhere than one whose disk is full.
 *
 * The driver's own message says that a query failed; the server's stands behind it.
 */
import { isSqlError } from "effect/sql/SqlError"

interface ServerError {
  readonly message: string
  /** SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly code: string
}

const serverErrorOf = (cause: unknown): ServerError => ({
  message: cause instanceof Error ? cause.message : "",
  code: cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""
})

/** A loop whose statement is not answered for so long is started again; that it waits is said after two seconds. A slow disk takes some. */
export const statementHangsAfter = "30 seconds"

/** Of any other error, its own words. */
export const databaseProblem = (error: { readonly message: string }): string => {
  if (!isSqlError(error)) return error.message
  const { code, message } = serverErrorOf(error.reason.cause)
  const words = message === "" ? error.message : message
  // Writes of its log fail with a code of their own.
  if (code === "53100" || words.includes("No space left on device")) return `the database's disk is full: ${words}`
  if (code.startsWith("53")) return `the database has run out of something: ${words}`
  if (error.reason._tag === "UnknownError" && code !== "") return `the database refuses a statement: ${words}`
  return `the database does not answer: ${error.message}${message === "" || message === error.message ? "" : ` (${message})`}`
}
