/** What somebody may choose; `system` follows the device. */
export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

/** Not a secret, and of this device: a cookie, so that the server knows it before the first byte. */
export const THEME_COOKIE = "theme";
