// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { StrictMode, useEffect, useState, type ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthProvider, ProtectedRoute, createApiClient, useAuth, type ApiClient } from "../src/index.js";
import { ADA, BOB, Stage } from "./stage.js";

let stage: Stage;
let api: ApiClient;

beforeEach(async () => {
  stage = await Stage.open();
  api = createApiClient({ baseURL: stage.url });
});
afterEach(async () => {
  cleanup();
  await stage.close();
});

const show = (page: ReactNode) =>
  render(
    <StrictMode>
      <AuthProvider client={api}>{page}</AuthProvider>
    </StrictMode>,
  );

function SignIn() {
  const { login, error } = useAuth();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void login({ email: ADA.email, password: "secret" });
      }}
    >
      {error && <p role="alert">{error.message}</p>}
      <button>Sign in</button>
    </form>
  );
}

function Desk() {
  const { user, logout } = useAuth();
  const [draft, setDraft] = useState("");
  return (
    <>
      <h1>{user?.name}</h1>
      <input aria-label="Draft" value={draft} onChange={(event) => setDraft(event.target.value)} />
      <button onClick={() => void logout()}>Sign out</button>
    </>
  );
}

const page = (
  <ProtectedRoute loading="One moment" fallback={<SignIn />}>
    <Desk />
  </ProtectedRoute>
);

describe("a page", () => {
  test("shows nothing private until it is known who is signed in", async () => {
    show(page);
    screen.getByText("One moment");
    await screen.findByRole("button", { name: "Sign in" });
    expect(screen.queryByRole("heading")).toBeNull();
  });

  test("in strict mode asks once, and signs in and out", async () => {
    show(page);
    fireEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    await screen.findByRole("heading", { name: "Ada" });
    fireEvent.click(screen.getByRole("button", { name: "Sign out" }));
    await screen.findByRole("button", { name: "Sign in" });
    await waitFor(() => expect(stage.seen.map(({ path }) => path.split("/").at(-1))).toEqual(["refresh", "login", "logout"]));
  });

  test("shows why a sign-in was refused", async () => {
    stage.on("POST /api/auth/login", () => ({ status: 401, json: { detail: "Incorrect email or password", code: "INVALID_EMAIL_OR_PASSWORD" } }));
    show(page);
    fireEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    expect((await screen.findByRole("alert")).textContent).toBe("Incorrect email or password");
  });

  test("keeps nothing of one person for the next", async () => {
    stage.on("POST /api/auth/refresh", () => stage.pair());
    show(page);
    fireEvent.change(await screen.findByLabelText("Draft"), { target: { value: "Ada's secret" } });
    stage.on("POST /api/auth/login", () => stage.pair(BOB));
    await api.session.login({ email: BOB.email, password: "secret" });
    await screen.findByRole("heading", { name: "Bob" });
    expect(screen.getByLabelText<HTMLInputElement>("Draft").value).toBe("");
  });

  test("keeps a role to itself", async () => {
    stage.on("POST /api/auth/refresh", () => stage.pair());
    show(
      <ProtectedRoute role="admin" forbidden="Not for you" fallback="Sign in first">
        <p>Everybody's data</p>
      </ProtectedRoute>,
    );
    await screen.findByText("Not for you");
    stage.on("POST /api/auth/refresh", () => stage.pair({ ...ADA, role: "user,admin" }));
    await api.session.refreshToken();
    await screen.findByText("Everybody's data");
  });

  test("whose data is asked for in an effect gets it, and is asked for once more when it is shown anew", async () => {
    stage.on("POST /api/auth/refresh", () => stage.pair());
    stage.on("GET /tasks", ({ headers }) => ({ json: [headers.authorization] }));
    function Tasks() {
      const [tasks, setTasks] = useState<string[]>();
      useEffect(() => {
        const leaving = new AbortController();
        api.get<string[]>("/tasks", { signal: leaving.signal }).then(setTasks, (error: unknown) => {
          if (!leaving.signal.aborted) throw error;
        });
        return () => leaving.abort();
      }, []);
      return <p>{tasks?.join()}</p>;
    }
    show(<Tasks />);
    await screen.findByText("Bearer token-1");
    expect(stage.count("POST /api/auth/refresh")).toBe(1);
  });

  test("that comes back from the browser's memory shows nothing before it asked again", async () => {
    stage.on("POST /api/auth/refresh", () => stage.pair());
    show(page);
    await screen.findByRole("heading", { name: "Ada" });
    fireEvent(window, new PageTransitionEvent("pagehide", { persisted: true }));
    expect(screen.queryByRole("heading")).toBeNull();
    stage.on("POST /api/auth/refresh", () => ({ status: 401, json: { code: "REFRESH_TOKEN_REQUIRED" } }));
    fireEvent(window, new PageTransitionEvent("pageshow", { persisted: true }));
    await screen.findByRole("button", { name: "Sign in" });
  });

  test("that nobody looks at keeps no session alive, and catches up when somebody does", async () => {
    let visibility = "hidden";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibility });
    try {
      stage.on("POST /api/auth/refresh", () => stage.pair(ADA, 0.05));
      show(page);
      await screen.findByRole("heading", { name: "Ada" });
      const later = Date.now() + 200; // four lives of that token
      await waitFor(() => expect(Date.now()).toBeGreaterThan(later));
      expect(stage.count("POST /api/auth/refresh")).toBe(1);
      stage.on("POST /api/auth/refresh", () => stage.pair());
      visibility = "visible";
      fireEvent(document, new Event("visibilitychange"));
      await waitFor(() => expect(stage.count("POST /api/auth/refresh")).toBe(2));
    } finally {
      Reflect.deleteProperty(document, "visibilityState");
    }
  });

  test("asks at once when the network is back", async () => {
    stage.on("POST /api/auth/refresh", () => ({ status: 503, headers: { "retry-after": "3600" }, json: { code: "SERVICE_UNAVAILABLE" } }));
    show(page);
    await waitFor(() => expect(api.session.getState().error).not.toBeNull());
    screen.getByText("One moment");
    stage.on("POST /api/auth/refresh", () => stage.pair());
    fireEvent(window, new Event("online"));
    await screen.findByRole("heading", { name: "Ada" });
  });

  test("without a provider says what is missing", () => {
    expect(() => render(<Desk />)).toThrow("useAuth needs an <AuthProvider> above it");
  });
});
