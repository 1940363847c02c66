"use client";

import { deviceOf } from "@/data/sessions/device";
import type { ActiveSession } from "@/data/sessions/read";
import { revokeOtherSessions, revokeSession } from "@/data/sessions/revoke";
import { ActionButton } from "./action-button";
import { Icon } from "./ui/icon";
import { When } from "./when";

interface Props {
  sessions: ActiveSession[];
  /** The id of the one that looks at this page. */
  current: string;
}

export function SessionList({ sessions, current }: Props) {
  return (
    <>
      <ul aria-label="Sessions" className="divide-y divide-line">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} isCurrent={session.id === current} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <div className="mt-4">
          <ActionButton
            look="danger"
            action={revokeOtherSessions}
            done="You are signed out everywhere else."
            question={{ title: "Sign out everywhere else?", text: "Every other device has to sign in again. This one stays signed in." }}
          >
            Sign out everywhere else
          </ActionButton>
        </div>
      )}
    </>
  );
}

function SessionRow({ session, isCurrent }: { session: ActiveSession; isCurrent: boolean }) {
  const device = deviceOf(session.userAgent);
  return (
    <li className="flex items-center gap-3 py-3">
      <Icon name={/iOS|Android/.test(device) ? "phone" : "computer"} className="size-5 shrink-0 text-muted" />
      <span className="min-w-0 grow">
        <span className="font-medium">{device}</span>
        {isCurrent && (
          <span className="ml-2 rounded-full bg-tint px-2 py-0.5 text-xs font-medium text-accent">This device</span>
        )}
        <span className="block text-sm text-muted">
          {session.ipAddress || "Unknown address"} · since <When iso={session.createdAt} />
        </span>
      </span>
      {!isCurrent && (
        <ActionButton
          label={`Sign out ${device}`}
          action={() => revokeSession(session.token)}
          done="That device is signed out."
        >
          Sign out
        </ActionButton>
      )}
    </li>
  );
}
