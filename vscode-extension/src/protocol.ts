/** Requests of the server beside those of the language server protocol; see lsp/coderepair_lsp/requests.py. */

export interface Answer {
  status: string;
  message: string;
  uri?: string;
}

export interface CheckAnswer extends Answer {
  passed?: number;
  total?: number;
  python?: string;
  functions?: { name: string; line: number; tests: number; reason: string }[];
}

export interface RepairAnswer extends Answer {
  repair?: string;
  version?: number | null;
  newText?: string;
  diff?: string;
  edits?: string[];
  targets?: string[];
  run_id?: string;
  spent?: { evaluations: number; calls: number; tokens: number; seconds: number };
  verification?: { after_passed: number; total: number; command: string } | null;
}

export interface TextAnswer extends Answer {
  markdown?: string;
}

export interface TreeNode {
  id: number;
  parent: number | null;
  score: number | null;
  passed: number;
  total: number;
  description: string;
}

export interface TreeAnswer extends Answer {
  run_id?: string;
  nodes?: TreeNode[];
  total?: number;
}

export interface Finding {
  subject: string;
  ok: boolean;
  text: string;
  mend: string;
}

export interface SetupAnswer extends Answer {
  version?: string;
  model?: string;
  findings?: Finding[];
  repairing?: string[];
}

/** What a run tells while it goes on. */
export interface RunEvent {
  event: string;
  run_id?: string;
  stage?: string;
  seconds?: number;
  limit?: number;
  evaluations?: number;
  calls?: number;
  best?: TreeNode | null;
  nodes?: TreeNode[];
  names?: string[];
  message?: string;
}
