"use client";

/** The last resort, when even the layout cannot be shown: no styles, nothing that could fail as well. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>Something went wrong</h1>
          <p>The server could not answer. Load the page again in a moment.</p>
        </main>
      </body>
    </html>
  );
}
