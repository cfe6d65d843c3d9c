import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, FileSystem, Result } from "effect"
import { alertFor, notificationFor, ruleAlertFor } from "../../test/support/Notification.ts"
import { previewOf } from "../receiver/Preview.ts"
import { serviceTypes } from "../receiver/ServiceTypes.ts"
import { cardsOf, cardText } from "./Card.ts"
import { sampleNotifications } from "./Samples.ts"
import { parseTemplate, templateBytesMax, type TemplatePart } from "./Template.ts"
import { loadTemplates, makeWords, Words } from "./Words.ts"

const parsed = (part: TemplatePart, source: string) => Result.getOrThrow(parseTemplate(part, source, "file"))
const faultOf = (source: string) => Result.getOrThrow(Result.flip(parseTemplate("text", source, "text.txt"))).message

const wordsOf = (title: string, text: string) => makeWords({ title: parsed("title", title), text: parsed("text", text) })
const rule = notificationFor(ruleAlertFor())

describe("a template", () => {
  it("shows fields, conditions and loops, in place of the built-in words", () => {
    const words = wordsOf(
      "{{severity}} {{coin}}{{#resolved}} over{{/resolved}}\n{{alertname}}",
      "{{#simulated}}NOT REAL{{/simulated}}{{^simulated}}real{{/simulated}}\n{{#facts}}\n{{name}}={{value}}\n{{/facts}}\n{{#reasons}}- {{.}}\n{{/reasons}}{{#labels}}{{name}} {{/labels}}{{value}}"
    )
    const [card] = cardsOf(rule, { link: "https://dash.example", words })
    assert.strictEqual(card?.title, "warning USDC FarBelow", "on one line")
    assert.strictEqual(
      card?.text,
      [
        "real",
        "deviation=-62.5 bps",
        "Fires below=-50 bps",
        "- Look at the book.",
        "- FarBelow: deviation of USDC is -62.5 bps, below -50 bps",
        "alertname kind coin severity -62.5"
      ].join("\n")
    )
    assert.notInclude(cardText(card!), "Fires below: ")
    assert.strictEqual(words.failures(), 0)
  })

  it.each([
    ["one\n{{nothing}}", 'text.txt:2: "nothing" is no field'],
    ["{{constructor}}", "no field"],
    ["{{__proto__}}", "no field"],
    ["{{title.length}}", "no field"],
    ["{{.}}", "no field"],
    ["{{name}}", "no field"],
    ["\n\n{{#firing}}", 'text.txt:3: Unclosed section "firing"'],
    ["{{#firing}}\n{{/resolved}}", 'text.txt:2: Unclosed section "firing"'],
    ["{{title", "text.txt:1: Unclosed tag"],
    ["{{> other}}", "no partials"],
    ["{{=<% %>=}}", "delimiters"],
    ["{{{title}}}", "two braces"],
    ["{{&title}}", "two braces"],
    ["{{reasons}}", "reasons is a list"],
    ["{{#facts}}{{#reasons}}{{.}}{{/reasons}}{{/facts}}", "a loop within a loop"],
    ["x".repeat(templateBytesMax + 1), "longer than"]
  ])("is refused with its line where it says %j", (source, fault) => {
    assert.include(faultOf(source), fault)
  })

  it("of which nothing comes falls back to the built-in words, and is counted", () => {
    const words = wordsOf("{{#resolved}}over{{/resolved}}", "  \n ")
    const [card] = cardsOf(rule, { link: undefined, words })
    assert.strictEqual(card?.title, "WARNING: USDC is 62.5 bps below")
    assert.isUndefined(card?.text)
    assert.strictEqual(words.failures(), 2)
  })

  it("gives words within bounds, and none that begin a line or turn the direction of writing", () => {
    const long = alertFor({ ...ruleAlertFor(), labels: { alertname: "A", coin: "\u202eUSDC" } })
    const [card] = cardsOf(notificationFor(long), {
      link: undefined,
      words: wordsOf(`${"t".repeat(1000)}`, `{{coin}} ${"x".repeat(9000)}`)
    })
    assert.lengthOf(card!.title, 300)
    assert.isAtMost(card!.text!.length, 4005)
    assert.notInclude(card!.text, "\u202e")
  })

  it.effect("is escaped by every service as that escapes its own words", () =>
    Effect.gen(function* () {
      const words = wordsOf("<b>{{coin}}</b>", "<script>{{coin}}</script> & *all*")
      for (const service of serviceTypes) {
        const [sent] = yield* previewOf(service, rule, { link: undefined, words })
        assert.include(sent ?? "", "USDC", service)
        if (service === "slack" || service === "telegram") assert.notInclude(sent ?? "", "<script>", service)
        if (service === "discord") assert.include(sent, String.raw`\\*all\\*`)
      }
    })
  )

  it.effect("shows samples of every kind in every service", () =>
    Effect.forEach(serviceTypes, (service) =>
      Effect.forEach(Object.values(sampleNotifications), (notification) =>
        Effect.map(previewOf(service, notification, { link: undefined }), (bodies) => {
          const [first] = notification.alerts
          assert.isNotEmpty(bodies)
          assert.include(bodies.join("\n"), first.labels["coin"] ?? "no coin")
        })
      )
    )
  )
})

describe("a directory of templates", () => {
  it.effect("is read part by part, and refused with a file that is none or without any", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      assert.deepStrictEqual(yield* loadTemplates(""), {})
      assert.include((yield* Effect.flip(loadTemplates(directory))).message, "neither title.txt nor text.txt")
      yield* files.writeFileString(`${directory}/title.txt`, "{{coin}}")
      const found = yield* loadTemplates(directory)
      assert.deepStrictEqual(Object.keys(found), ["title"])
      const { title } = yield* Effect.provide(Words, Words.layer(found)).pipe(Effect.provide(HealthRegistry.layer))
      assert.isFunction(title)
      yield* files.writeFileString(`${directory}/text.txt`, "\n{{oops}}")
      assert.include((yield* Effect.flip(loadTemplates(directory))).message, `${directory}/text.txt:2: "oops"`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
