/** The `type` of each service. It imports nothing: the command line's help reads it. */
export const serviceTypes = ["slack", "discord", "telegram", "teams", "alertmanager", "pagerduty", "opsgenie", "sms", "email"] as const
export type ServiceType = (typeof serviceTypes)[number]
