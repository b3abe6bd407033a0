-- Sends the steps of a plan in turn; every POST has an address of its own. Arguments: the plan's file, the threads.
local threads = {}

function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end

function init(args)
  plan = dofile(args[1])
  made, used, exhausted = 0, 0, 0
  seen200, seen303, seen_other = 0, 0, 0
  proofs = {}
  if plan.proofs ~= "" then
    local number = 0
    for line in io.lines(plan.proofs) do
      if number % tonumber(args[2]) == id then table.insert(proofs, line) end
      number = number + 1
    end
  end
  for _, step in ipairs(plan.steps) do
    step.headers = {}
    if step.accept_encoding then step.headers["Accept-Encoding"] = step.accept_encoding end
    if step.body then step.headers["Content-Type"] = "application/x-www-form-urlencoded" end
  end
end

function request()
  local step = plan.steps[made % #plan.steps + 1]
  local body = step.body
  made = made + 1
  if body then
    body = body .. "&email=" .. plan.tag .. "-" .. id .. "-" .. made .. "%40example.org"
    if plan.proofs ~= "" then
      used = used + 1
      if used > #proofs then
        exhausted = 1
        wrk.thread:stop()
      end
      body = body .. "&altcha=" .. (proofs[used] or "")
    end
  end
  return wrk.format(step.method, step.path, step.headers, body)
end

function response(status)
  if status == 200 then
    seen200 = seen200 + 1
  elseif status == 303 then
    seen303 = seen303 + 1
  else
    seen_other = seen_other + 1
  end
end

function done(summary)
  local two, three, other, out = 0, 0, 0, 0
  for _, thread in ipairs(threads) do
    two = two + thread:get("seen200")
    three = three + thread:get("seen303")
    other = other + thread:get("seen_other")
    out = out + thread:get("exhausted")
  end
  local parts = {}
  if two > 0 then table.insert(parts, '"200": ' .. two) end
  if three > 0 then table.insert(parts, '"303": ' .. three) end
  if other > 0 then table.insert(parts, '"0": ' .. other) end
  local errors = summary.errors
  print(string.format('W4R {"requests": %d, "seconds": %.6f, "exhausted": %d, "errors": %d, "statuses": {%s}}',
    summary.requests, summary.duration / 1e6, out,
    errors.connect + errors.read + errors.write + errors.timeout, table.concat(parts, ", ")))
end
