/**
 * The worked examples of Alertmanager's documentation give the same notifications at the same times here.
 *
 * Sources: prometheus.io/docs/alerting/latest/configuration (the route, the time intervals, the inhibition), /alertmanager (grouping, silences), and the
 * configuration that Alertmanager's repository gives as an example, doc/examples/simple.yml.
 */
import { assert, describe, it } from "@effect/vitest"
import { compileRoute, type RouteOptions, routesOf } from "../src/route/Route.ts"
import { makeNotices } from "./support/Notices.ts"

/** "Example" of `route` in the documentation of the configuration. */
const documented: RouteOptions = {
  receivers: ["default-receiver"],
  groupWait: "30s",
  groupInterval: "5m",
  repeatInterval: "4h",
  groupBy: ["cluster", "alertname"],
  routes: [
    { receivers: ["database-pager"], groupWait: "10s", matchers: ['service=~"mysql|cassandra"'] },
    { receivers: ["frontend-pager"], groupBy: ["product", "environment"], matchers: ['team="frontend"'] },
    {
      receivers: ["dev-pager"],
      matchers: ['service="inhouse-service"'],
      muteTimeIntervals: ["offhours", "holidays"],
      continue: true
    },
    { receivers: ["on-call-pager"], matchers: ['service="inhouse-service"'], activeTimeIntervals: ["offhours", "holidays"] }
  ]
}
const timeIntervals = {
  offhours: [
    {
      times: [
        { start: "00:00", end: "09:00" },
        { start: "17:00", end: "24:00" }
      ],
      weekdays: ["monday:friday"]
    },
    { weekdays: ["saturday", "sunday"] }
  ],
  holidays: [{ months: ["december"], daysOfMonth: ["25:26"] }]
}
/** A Wednesday, 12:00 UTC. */
const noon = Date.UTC(2026, 10, 25, 12)
const hour = 3600

/** doc/examples/simple.yml. */
const simple: RouteOptions = {
  groupBy: ["alertname", "cluster", "service"],
  groupWait: "30s",
  groupInterval: "5m",
  repeatInterval: "3h",
  receivers: ["team-X-mails"],
  routes: [
    {
      matchers: ['service=~"^(foo1|foo2|baz)$"'],
      receivers: ["team-X-mails"],
      routes: [{ matchers: ['severity="critical"'], receivers: ["team-X-pager"] }]
    },
    {
      matchers: ['service="files"'],
      receivers: ["team-Y-mails"],
      routes: [{ matchers: ['severity="critical"'], receivers: ["team-Y-pager"] }]
    },
    {
      matchers: ['service="database"'],
      receivers: ["team-DB-pager"],
      groupBy: ["alertname", "cluster", "database"],
      routes: [
        { matchers: ['owner="team-X"'], receivers: ["team-X-pager"], continue: true },
        { matchers: ['owner="team-Y"'], receivers: ["team-Y-pager"] }
      ]
    }
  ]
}
const simpleInhibition = [
  { sourceMatchers: ['severity="critical"'], targetMatchers: ['severity="warning"'], equal: ["alertname", "cluster", "service"] }
]

const receiversOf = (route: RouteOptions, labels: Record<string, string>) =>
  routesOf(compileRoute(route), labels).flatMap(({ receivers }) => receivers)

describe("Alertmanager's worked examples", () => {
  it("routing: the documented tree", () => {
    assert.deepStrictEqual(receiversOf(documented, { alertname: "A" }), ["default-receiver"])
    assert.deepStrictEqual(receiversOf(documented, { service: "mysql" }), ["database-pager"])
    assert.deepStrictEqual(receiversOf(documented, { service: "mysql-2" }), ["default-receiver"])
    assert.deepStrictEqual(receiversOf(documented, { service: "cassandra", team: "frontend" }), ["database-pager"])
    assert.deepStrictEqual(receiversOf(documented, { team: "frontend" }), ["frontend-pager"])
    assert.deepStrictEqual(receiversOf(documented, { service: "inhouse-service" }), ["dev-pager", "on-call-pager"])
  })

  it("routing: the tree of simple.yml", () => {
    assert.deepStrictEqual(receiversOf(simple, { service: "other", severity: "critical" }), ["team-X-mails"])
    assert.deepStrictEqual(receiversOf(simple, { service: "foo1", severity: "warning" }), ["team-X-mails"])
    assert.deepStrictEqual(receiversOf(simple, { service: "baz", severity: "critical" }), ["team-X-pager"])
    assert.deepStrictEqual(receiversOf(simple, { service: "files", severity: "critical" }), ["team-Y-pager"])
    assert.deepStrictEqual(receiversOf(simple, { service: "database" }), ["team-DB-pager"])
    assert.deepStrictEqual(receiversOf(simple, { service: "database", owner: "team-X" }), ["team-X-pager"])
    assert.deepStrictEqual(receiversOf(simple, { service: "database", owner: "team-Y" }), ["team-Y-pager"])
  })

  it("grouping: hundreds of instances that lose their database are one notification for each cluster and alert", () => {
    const notices = makeNotices({ route: documented, start: noon })
    for (const cluster of ["A", "B"])
      for (let instance = 0; instance < 3; instance++)
        notices.post(instance, { alertname: "DatabaseUnreachable", cluster, instance: `${cluster}${instance}` })
    assert.deepStrictEqual(notices.toldBy(hour), ["30 default-receiver: +A0 +A1 +A2", "30 default-receiver: +B0 +B1 +B2"])
  })

  it("grouping: waits, intervals, repetition and the end, each at its time", () => {
    const notices = makeNotices({ route: documented, start: noon })
    const alert = (instance: string) => ({ alertname: "A", cluster: "X", instance })
    notices.post(0, alert("1"))
    notices.post(20, alert("2"))
    // Told after groupWait: both. A third is told at the group's next interval, and not before.
    notices.post(40, alert("3"))
    assert.deepStrictEqual(notices.toldBy(2 * hour), ["30 default-receiver: +1 +2", "330 default-receiver: +1 +2 +3"])
    // Unchanged, it is told again at the first interval after repeatInterval.
    assert.deepStrictEqual(notices.toldBy(4 * hour + 400), [])
    assert.deepStrictEqual(notices.toldBy(5 * hour), [`${4 * hour + 330 + 300} default-receiver: +1 +2 +3`])
    notices.post(5 * hour, alert("2"), "resolved")
    assert.deepStrictEqual(notices.toldBy(6 * hour), [`${5 * hour + 30} default-receiver: +1 +3 -2`])
    notices.post(6 * hour, alert("1"), "resolved")
    notices.post(6 * hour, alert("3"), "resolved")
    assert.deepStrictEqual(notices.toldBy(12 * hour), [`${6 * hour + 30} default-receiver: -1 -3`])
    // A new group waits for groupWait again; what is over before that is not worth a word.
    notices.post(12 * hour, alert("1"))
    notices.post(12 * hour + 10, alert("1"), "resolved")
    assert.deepStrictEqual(notices.toldBy(24 * hour), [])
  })

  it("grouping: a child's own groupWait and groupBy", () => {
    const notices = makeNotices({ route: documented, start: noon })
    notices.post(0, { alertname: "A", service: "mysql", instance: "db" })
    notices.post(0, { alertname: "B", team: "frontend", product: "p", environment: "e", instance: "b" })
    notices.post(1, { alertname: "C", team: "frontend", product: "p", environment: "e", instance: "c" })
    assert.deepStrictEqual(notices.toldBy(60), ["10 database-pager: +db", "30 frontend-pager: +b +c"])
  })

  it("time intervals: the developers' pager by day, the one on call at night, on weekends and holidays", () => {
    const when = (start: number) => {
      const notices = makeNotices({ route: documented, timeIntervals, start })
      notices.post(0, { alertname: "A", service: "inhouse-service", instance: "i" })
      return notices.toldBy(60)
    }
    assert.deepStrictEqual(when(noon), ["30 dev-pager: +i"])
    assert.deepStrictEqual(when(Date.UTC(2026, 10, 25, 3)), ["30 on-call-pager: +i"])
    assert.deepStrictEqual(when(Date.UTC(2026, 10, 25, 17)), ["30 on-call-pager: +i"])
    assert.deepStrictEqual(when(Date.UTC(2026, 10, 28, 12)), ["30 on-call-pager: +i"])
    assert.deepStrictEqual(when(Date.UTC(2026, 11, 25, 12)), ["30 on-call-pager: +i"])
  })

  it("inhibition: a warning is held back while the critical alert of the same name, cluster and service fires", () => {
    const notices = makeNotices({ route: simple, inhibitRules: simpleInhibition, start: noon })
    const alert = (severity: string, cluster = "A") => ({
      alertname: "Latency",
      cluster,
      service: "foo1",
      severity,
      instance: `${severity}-${cluster}`
    })
    notices.post(0, alert("warning"))
    notices.post(0, alert("warning", "B"))
    assert.deepStrictEqual(notices.toldBy(60), ["30 team-X-mails: +warning-A", "30 team-X-mails: +warning-B"])
    notices.post(60, alert("critical"))
    // The warning would be repeated three hours later, and is not; that of the other cluster is.
    assert.deepStrictEqual(notices.toldBy(3 * hour + 400), [
      "90 team-X-pager: +critical-A",
      `${3 * hour + 330} team-X-mails: +warning-B`,
      `${3 * hour + 390} team-X-pager: +critical-A`
    ])
    notices.post(4 * hour, alert("critical"), "resolved")
    assert.deepStrictEqual(notices.toldBy(4 * hour + 400), [
      `${4 * hour + 30} team-X-mails: +warning-A`,
      `${4 * hour + 90} team-X-pager: -critical-A`
    ])
  })

  it("inhibition: an alert does not inhibit itself, nor do two that are both source and target", () => {
    const both = [{ sourceMatchers: ['alertname=~"A|B"'], targetMatchers: ['alertname=~"A|B|C"'], equal: ["cluster"] }]
    const notices = makeNotices({ route: documented, inhibitRules: both, start: noon })
    for (const alertname of ["A", "B", "C"]) notices.post(0, { alertname, cluster: "X", instance: alertname })
    assert.deepStrictEqual(notices.toldBy(60), ["30 default-receiver: +A", "30 default-receiver: +B"])
  })

  it("silences: nothing of what matches is told while one is active, and it is told afterwards if it still fires", () => {
    const notices = makeNotices({ route: documented, start: noon })
    const silence = { matchers: ['alertname="A"', 'cluster=~"X|Y"'], createdBy: "ann", comment: "maintenance" }
    notices.silences.push({ id: "1", ...silence, startsAt: noon, endsAt: noon + hour * 1000 })
    for (const cluster of ["X", "Z"]) notices.post(0, { alertname: "A", cluster, instance: cluster })
    assert.deepStrictEqual(notices.toldBy(hour), ["30 default-receiver: +Z"])
    assert.deepStrictEqual(notices.toldBy(2 * hour), [`${hour + 30} default-receiver: +X`])
    // Of what is silenced again, its end is not told either.
    notices.silences.push({ id: "2", ...silence, startsAt: noon + 2 * hour * 1000, endsAt: noon + 3 * hour * 1000 })
    notices.post(2 * hour + 10, { alertname: "A", cluster: "X", instance: "X" }, "resolved")
    assert.deepStrictEqual(notices.toldBy(3 * hour), [])
  })
})
