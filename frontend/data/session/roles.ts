/** The back end keeps several roles in one text, with commas; it is the back end, too, that enforces them. */
export function isAdministrator(user: { role?: string | null }): boolean {
  return (user.role ?? "").split(",").includes("admin");
}
