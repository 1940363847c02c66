import { useAuth } from "ostiary-react";
import { useActionState, useState } from "react";

/** The form to sign in with, or to sign up. */
export function Door() {
  const { login, register, error } = useAuth();
  const [isNew, setIsNew] = useState(false);
  const [result, submit, isPending] = useActionState(async (_: Result, form: FormData): Promise<Result> => {
    const text = (name: string) => String(form.get(name) ?? "");
    const email = text("email");
    const credentials = { email, password: text("password") };
    const { data, error } = isNew ? await register({ ...credentials, name: text("name") }) : await login(credentials);
    return { email, problem: error?.message, notice: data && "message" in data ? data.message : null };
  }, {});

  return (
    <main className="card">
      <h1>{isNew ? "Make an account" : "Sign in"}</h1>
      {error?.code === "SESSION_ENDED" && <p role="status">{error.message}. Please sign in again.</p>}
      <form action={submit} key={String(isNew)}>
        {isNew && (
          <label>
            Name
            <input name="name" autoComplete="name" required />
          </label>
        )}
        <label>
          Email
          <input name="email" type="email" autoComplete="username" defaultValue={result.email} required />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            aria-describedby={result.problem ? "problem" : undefined}
            required
          />
        </label>
        {result.problem && (
          <p role="alert" id="problem">
            {result.problem}
          </p>
        )}
        {result.notice && <p role="status">{result.notice}</p>}
        <button disabled={isPending}>{isNew ? "Sign up" : "Sign in"}</button>
      </form>
      <button className="link" onClick={() => setIsNew(!isNew)}>
        {isNew ? "I have an account" : "I am new here"}
      </button>
    </main>
  );
}

interface Result {
  email?: string;
  problem?: string | undefined;
  notice?: string | null;
}
