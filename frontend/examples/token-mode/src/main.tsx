import { AuthProvider, ProtectedRoute } from "ostiary-react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { apiClient } from "./auth";
import { Door } from "./door";
import "./style.css";
import { TaskList } from "./task-list";
import { Waiting } from "./waiting";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <AuthProvider client={apiClient}>
      <ProtectedRoute loading={<Waiting />} fallback={<Door />}>
        <TaskList />
      </ProtectedRoute>
    </AuthProvider>
  </StrictMode>,
);
