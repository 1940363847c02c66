import { useAuth } from "ostiary-react";
import { useTasks } from "./tasks";

/** Somebody's tasks: write, complete, delete. */
export function TaskList() {
  const { user, logout } = useAuth();
  const { tasks, problem, load, add, change, remove } = useTasks();

  return (
    <main className="card">
      <header>
        <div>
          <h1>Tasks</h1>
          <p className="quiet">{user?.email}</p>
        </div>
        <button className="plain" onClick={() => void logout()}>
          Sign out
        </button>
      </header>
      <form className="row" action={(form) => add({ title: String(form.get("title")) })}>
        <input name="title" aria-label="New task" placeholder="What is to be done?" maxLength={200} required />
        <button>Add</button>
      </form>
      {problem && (
        <p role="alert">
          {problem}{" "}
          <button className="link" onClick={() => void load()}>
            Try again
          </button>
        </p>
      )}
      {tasks?.length === 0 && <p className="quiet">Nothing to do.</p>}
      <ul aria-label="Tasks">
        {tasks?.map((task) => (
          <li key={task.id}>
            <label>
              <input type="checkbox" checked={task.done} onChange={() => void change(task, { done: !task.done })} />
              <span>{task.title}</span>
            </label>
            <button className="link" aria-label={`Delete ${task.title}`} onClick={() => void remove(task.id)}>
              Delete
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}
