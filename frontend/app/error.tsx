"use client";

import { PageTitle } from "@/components/ui/page-title";
import { Button } from "@/components/ui/button";

/** Shown when the back end does not answer; what exactly happened is for its log. */
export default function ErrorPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-md grow px-4 py-20">
      <PageTitle title="Something went wrong">The server could not answer. Nothing of yours is lost.</PageTitle>
      <Button onClick={() => location.reload()}>Try again</Button>
    </main>
  );
}
