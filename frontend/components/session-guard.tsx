"use client";

import { useEffect, type ReactNode } from "react";
import { authClient } from "@/lib/auth-client";
import { leave, leaveForSignIn, REJECTED } from "@/data/session/leave";

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds

/** Shows private pages while the session they were made for lives, and leads to sign-in once it does not. */
export function SessionGuard({ userId, children }: { userId: string; children: ReactNode }) {
  const { data, error, isPending, isRefetching, refetch } = authClient.useSession();
  const known = !isPending && !isRefetching;
  const ended = known && !data && (!error || error.status === 401);
  const somebodyElse = known && data !== null && data.user.id !== userId;
  const expiresAt = data?.session.expiresAt.getTime();

  useEffect(() => {
    if (ended) leaveForSignIn("ended");
    if (somebodyElse) leave(location.href);
  }, [ended, somebodyElse]);

  useEffect(() => {
    if (expiresAt === undefined) return;
    const left = Math.min(Math.max(expiresAt - Date.now(), 0), LONGEST_TIMER);
    const timer = setTimeout(() => void refetch(), left);
    return () => clearTimeout(timer);
  }, [expiresAt, refetch]);

  useEffect(() => {
    const look = () => void refetch();
    window.addEventListener(REJECTED, look);
    return () => window.removeEventListener(REJECTED, look);
  }, [refetch]);

  useEffect(() => {
    // A page that the browser kept for its back button is as old as it looks.
    const reloadKept = (event: PageTransitionEvent) => event.persisted && location.reload();
    window.addEventListener("pageshow", reloadKept);
    return () => window.removeEventListener("pageshow", reloadKept);
  }, []);

  if (ended || somebodyElse) return <p className="p-8 text-center text-muted">Your session has ended.</p>;
  return children;
}
