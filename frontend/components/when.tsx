/** A moment, written the same on server and browser: UTC, and a machine-readable form beside it. */
export function When({ iso }: { iso: string }) {
  const text = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return <time dateTime={iso}>{text.format(new Date(iso))} UTC</time>;
}
