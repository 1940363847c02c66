"use client";

import { Fragment, createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import type { ApiClient } from "./client.js";
import type { AuthState, Session } from "./session.js";

/** Who is signed in, and what can be done about it. */
export type Auth = AuthState & Pick<Session, "login" | "register" | "logout" | "refreshToken">;

const Context = createContext<Auth | null>(null);

/** Makes `useAuth` work below it. */
export function AuthProvider({ client, children }: { client: ApiClient; children?: ReactNode }) {
  const { session } = client;
  useEffect(() => session.start(), [session]);
  const state = useSyncExternalStore(session.subscribe, session.getState, session.getServerState);
  const auth = useMemo(() => {
    const { login, register, logout, refreshToken } = session;
    return { ...state, login, register, logout, refreshToken };
  }, [state, session]);
  return <Context.Provider value={auth}>{children}</Context.Provider>;
}

export function useAuth(): Auth {
  const auth = useContext(Context);
  if (auth === null) throw new Error("useAuth needs an <AuthProvider> above it");
  return auth;
}

export interface ProtectedRouteProps {
  children?: ReactNode;
  /** Shown to whoever is not signed in: a form, or your router's redirect. */
  fallback?: ReactNode;
  /** Shown until it is known who is signed in. */
  loading?: ReactNode;
  /** A role that the person must have. */
  role?: string;
  /** Shown to whoever is signed in without that role. */
  forbidden?: ReactNode;
}

/** Shows its children to people who are signed in. What they may read is decided by the server all the same. */
export function ProtectedRoute({ children, fallback, loading, role, forbidden }: ProtectedRouteProps) {
  const { user, isLoading } = useAuth();
  if (isLoading) return <>{loading}</>;
  if (user === null) return <>{fallback}</>;
  if (role !== undefined && !user.role.split(",").includes(role)) return <>{forbidden}</>;
  return <Fragment key={user.id}>{children}</Fragment>; // nothing of one person stays on the page of the next
}
