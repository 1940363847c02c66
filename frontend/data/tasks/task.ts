export interface Task {
  id: number;
  title: string;
  notes: string;
  done: boolean;
  createdAt: string;
}

export interface TaskPage {
  items: Task[];
  total: number;
}
