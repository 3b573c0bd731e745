;;; session.el --- Emacs with eglot in batch mode  -*- lexical-binding: t -*-
;; Check, marks, repair by command, the verified repair applied from the code actions, written.
(require 'eglot)
(require 'flymake)
(require 'json)
(require 'cl-lib)

(setq eglot-sync-connect 60
      eglot-autoshutdown nil
      eglot-confirm-server-initiated-edits nil
      make-backup-files nil)
(defvar patience 120)
(defvar python (getenv "SESSION_PYTHON"))
(defvar messages nil)

(add-to-list 'eglot-server-programs
             (list 'python-mode python "-m" "coderepair_lsp"
                   :initializationOptions (list :settings (list :interpreter python))))
(setq-default eglot-workspace-configuration (list :coderepair (list :interpreter python)))

(cl-defmethod eglot-handle-notification :before
  (_server (_method (eql window/showMessage)) &key message &allow-other-keys)
  (push message messages))

(defun wait-for (what done)
  (let ((deadline (+ (float-time) patience)))
    (while (not (funcall done))
      (when (> (float-time) deadline) (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05))))

(defun marks ()
  (flymake-start)
  (mapcar (lambda (each) (line-number-at-pos (flymake-diagnostic-beg each)))
          (flymake-diagnostics)))

(find-file (getenv "SESSION_FILE"))
(python-mode)
(apply #'eglot (eglot--guess-contact))
(let* ((server (eglot-current-server))
       (uri (plist-get (eglot--TextDocumentIdentifier) :uri))
       (execute (lambda (command &rest arguments)
                  (eglot-execute-command server (intern (concat "coderepair." command))
                                         (vconcat arguments))))
       lines)
  (funcall execute "check" uri)
  (wait-for "diagnostics" (lambda () (= (length (setq lines (marks))) 2)))
  (funcall execute "repair" uri "total")
  (wait-for "a repair"
            (lambda () (cl-some (lambda (text) (string-match-p "first code action" text)) messages)))
  (goto-char (point-min))
  (forward-line 4)
  (let* ((actions (jsonrpc-request
                   server :textDocument/codeAction
                   (list :textDocument (eglot--TextDocumentIdentifier)
                         :range (list :start (eglot--pos-to-lsp-position (point))
                                      :end (eglot--pos-to-lsp-position (point)))
                         :context (list :diagnostics []))))
         (action (cl-find-if (lambda (each) (string-match-p "Apply the verified" (plist-get each :title)))
                             actions))
         (edit (or (plist-get action :edit)
                   (plist-get (jsonrpc-request server :codeAction/resolve action) :edit))))
    (eglot--apply-workspace-edit edit)
    (eglot--signal-textDocument/didChange)) ; an idle timer's work, and batch mode is never idle
  (wait-for "fewer diagnostics" (lambda () (= (length (marks)) 1)))
  (save-buffer)
  (with-temp-file (getenv "SESSION_RESULT")
    (insert (json-encode (list :lines lines :repaired (with-current-buffer (get-file-buffer (getenv "SESSION_FILE"))
                                                        (buffer-string))))))
  (eglot-shutdown server))
(kill-emacs 0)
