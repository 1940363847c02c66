import { AuthProvider, ProtectedRoute } from "ostiary-react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { api } from "./auth";
import { Door } from "./door";
import "./style.css";
import { TaskList } from "./task-list";
import { Waiting } from "./waiting";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <AuthProvider client={api}>
      <ProtectedRoute loading={<Waiting />} fallback={<Door />}>
        <TaskList />
      </ProtectedRoute>
    </AuthProvider>
  </StrictMode>,
);
