-- Neovim, headless: check, marks, repair by command, the verified repair applied from the code
-- actions, undone, and written. Results go to $SESSION_RESULT.
local result = { errors = {}, messages = {} }
local PATIENCE_MS = 120000
local python, file = vim.env.SESSION_PYTHON, vim.env.SESSION_FILE

local function finish()
  vim.fn.writefile({ vim.fn.json_encode(result) }, vim.env.SESSION_RESULT)
  vim.cmd("qa!")
end

local function wait(what, done)
  if not vim.wait(PATIENCE_MS, done, 50) then
    table.insert(result.errors, "waited in vain for " .. what)
    finish()
  end
end

vim.lsp.handlers["window/showMessage"] = function(_, params)
  table.insert(result.messages, params.message)
end
vim.cmd("edit " .. file)
local client_id = vim.lsp.start_client({
  name = "coderepair",
  cmd = { python, "-m", "coderepair_lsp" },
  root_dir = vim.fn.fnamemodify(file, ":h"),
  init_options = { settings = { interpreter = python } },
  settings = { coderepair = { interpreter = python } },
})
vim.lsp.buf_attach_client(0, client_id)
local client = vim.lsp.get_client_by_id(client_id)
wait("the server", function() return client.initialized end)

local uri = vim.uri_from_bufnr(0)
local function execute(command, ...)
  vim.lsp.buf.execute_command({ command = "coderepair." .. command, arguments = { ... } })
end

execute("check", uri)
wait("diagnostics", function() return #vim.diagnostic.get(0) == 2 end)
result.lines = vim.tbl_map(function(each) return each.lnum end, vim.diagnostic.get(0))

execute("repair", uri, "total")
wait("a repair", function()
  return #vim.tbl_filter(function(text) return text:find("first code action") end, result.messages) > 0
end)
vim.ui.select = function(items, _, choose)
  for index, item in ipairs(items) do
    local action = item.action or item[2]
    if action.title:find("Apply the verified repair") then
      choose(item, index)
      return
    end
  end
  table.insert(result.errors, "no verified repair among the code actions")
end
vim.api.nvim_win_set_cursor(0, { 5, 0 })
local before = vim.api.nvim_buf_get_lines(0, 0, -1, false)
vim.lsp.buf.code_action()
wait("the edit", function()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") ~= table.concat(before, "\n")
end)
result.repaired = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
wait("fewer diagnostics", function() return #vim.diagnostic.get(0) == 1 end)
vim.cmd("silent undo")
result.undone = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") == table.concat(before, "\n")
wait("all diagnostics", function() return #vim.diagnostic.get(0) == 2 end)
vim.cmd("silent redo")
vim.cmd("silent write")
vim.lsp.stop_client(client_id)
wait("the end of the server", function() return vim.lsp.get_client_by_id(client_id) == nil end)
finish()
