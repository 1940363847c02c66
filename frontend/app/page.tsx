import Link from "next/link";
import { Brand } from "@/components/brand";
import { buttonLook } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { currentSession } from "@/data/session/current";
import type { Query } from "@/lib/query";

const POINTS = [
  ["One site", "Pages from Next.js, data from FastAPI, one address. The session is a cookie that no script can read."],
  ["Your own", "Every task belongs to somebody. For everybody else it does not exist."],
  ["In your hands", "See where you are signed in, end any session, change or delete everything yourself."],
];

export default async function HomePage({ searchParams }: { searchParams: Query }) {
  const isDeleted = "deleted" in (await searchParams);
  const session = await currentSession();
  return (
    <>
      <header className="mx-auto w-full max-w-5xl p-4 sm:p-6">
        <Brand />
      </header>
      <main id="main" className="mx-auto w-full max-w-5xl grow px-4 pt-10 pb-16 sm:px-6 sm:pt-20">
        {isDeleted && (
          <div className="mb-8 max-w-xl">
            <Notice>Your account and all your tasks are deleted.</Notice>
          </div>
        )}
        <h1 className="max-w-2xl text-4xl font-semibold tracking-tight sm:text-5xl">A task list that is yours alone</h1>
        <p className="mt-4 max-w-xl text-lg text-muted">
          An example application: sign up, add what is to be done, and look after your account.
        </p>
        <div className="mt-8 flex flex-wrap gap-3">
          {session ? (
            <Link href="/dashboard" className={buttonLook()}>
              Go to your tasks
            </Link>
          ) : (
            <>
              <Link href="/sign-up" className={buttonLook()}>
                Create an account
              </Link>
              <Link href="/sign-in" className={buttonLook("quiet")}>
                Sign in
              </Link>
            </>
          )}
        </div>
        <dl className="mt-16 grid gap-6 sm:grid-cols-3">
          {POINTS.map(([title, text]) => (
            <div key={title} className="rounded-xl border border-line bg-surface p-5">
              <dt className="font-semibold">{title}</dt>
              <dd className="mt-1 text-sm text-muted">{text}</dd>
            </div>
          ))}
        </dl>
      </main>
    </>
  );
}
