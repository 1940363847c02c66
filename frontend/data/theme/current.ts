import "server-only";

import { cookies } from "next/headers";
import { THEME_COOKIE, THEMES, type Theme } from "./theme";

/** Return what was chosen in this browser. */
export async function currentTheme(): Promise<Theme> {
  const kept = (await cookies()).get(THEME_COOKIE)?.value;
  return THEMES.find((theme) => theme === kept) ?? "system";
}
