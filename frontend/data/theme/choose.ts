import { THEME_COOKIE, type Theme } from "./theme";

const A_YEAR = 365 * 24 * 60 * 60; // seconds

/** Show a theme at once, and keep it: the server renders every later page in it, so that none flashes. */
export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${THEME_COOKIE}=${theme}; Path=/; Max-Age=${A_YEAR}; SameSite=Lax${secure}`;
}
