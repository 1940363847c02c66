import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { ThemeSwitch } from "@/components/theme-switch";
import { Toaster } from "@/components/ui/toaster";
import { currentTheme } from "@/data/theme/current";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Tasks", template: "%s · Tasks" },
  description: "A task list where everybody sees their own.",
};

const GROUND = { light: "#f6f6f3", dark: "#131412" }; // as in globals.css

export async function generateViewport(): Promise<Viewport> {
  const theme = await currentTheme();
  if (theme !== "system") return { themeColor: GROUND[theme] };
  return {
    themeColor: [
      { media: "(prefers-color-scheme: light)", color: GROUND.light },
      { media: "(prefers-color-scheme: dark)", color: GROUND.dark },
    ],
  };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  await connection(); // a page made at build time would know no nonce
  const theme = await currentTheme();
  return (
    <html lang="en" data-theme={theme}>
      <body className="flex min-h-dvh flex-col">
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:rounded-md focus:bg-surface focus:p-2"
        >
          Skip to content
        </a>
        {children}
        <footer>
          <ThemeSwitch initial={theme} />
        </footer>
        <Toaster />
      </body>
    </html>
  );
}
