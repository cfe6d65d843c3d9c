/** The program's version, as `--version` and `/v1/status` say it. */
export const engineVersion = "0.1.0"
