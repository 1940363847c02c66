import { leaveForSignIn, reportRejection } from "@/data/session/leave";
import { problemOf, unreachable, wantsSignIn, type Problem, type Refusal } from "@/lib/problems";

type Answer = { error: Refusal | null };

/** Make a call to the back end and return what went wrong, if anything did. */
export async function attempt(call: Promise<Answer>): Promise<Problem | null> {
  try {
    const { error } = await call;
    const problem = error && problemOf(error);
    if (problem?.code === "UNAUTHORIZED") reportRejection();
    if (problem && wantsSignIn(problem)) leaveForSignIn("again");
    return problem;
  } catch {
    return unreachable;
  }
}
