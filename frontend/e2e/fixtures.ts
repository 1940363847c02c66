import { test as base, expect, type Page } from "@playwright/test";
import { clock } from "./backend";
import { newPerson, type Person } from "./people";

interface Fixtures {
  /** Somebody who has no account yet. */
  person: Person;
  /** What the page complained of: nobody may, unless a test says so. */
  complaints: string[];
}

/** Every test starts a minute later than the one before, so that no rate limit carries over. */
export const test = base.extend<Fixtures>({
  person: async ({}, give) => {
    await clock.advance({ minutes: 1 });
    await give(newPerson());
  },
  complaints: [
    async ({ page }, give) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        const expected = /Failed to load resource|ERR_ABORTED/.test(message.text());
        if (message.type() === "error" && !expected) complaints.push(message.text());
      });
      await give(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect, type Page };
