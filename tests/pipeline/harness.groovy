/*
 * Runs a declarative Jenkinsfile without Jenkins, once for each scenario, and prints what happened as JSON.
 *
 *   groovy harness.groovy Jenkinsfile scenarios.json stubs tree
 *
 * It is strict where Jenkins is, and lenient nowhere: an unknown directive, option, step or argument of a step fails, and so does a
 * statement where only directives or steps may stand, a step that needs a workspace outside an agent, an import, `new`.
 * Commands are really run, by sh in an empty directory, with a stand-in for bin/estate: so quoting is tested too.
 *
 * scenarios.json: [{name, job, params: {}, env: {}, answers: {"plan": ["changes", "nothing"]}, approval: "yes|no|timeout",
 *                   approvers: who press Apply, one after the other,
 *                   previous: "SUCCESS|UNSTABLE|FAILURE|null", tamper: bool, lose_plan: bool, mistake: [right, wrong],
 *                   push: somebody pushes after each checkout, no_mail_server: bool}]
 * A mistake is put into the file for that scenario alone, to see it refused: its result is {name, misuse: why}.
 * What stubs/estate answers is said there.
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.nio.file.FileSystems
import java.nio.file.Files
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstructorCallExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer
import org.codehaus.groovy.control.messages.SimpleMessage

/** What may stand where: section → directive → the section its closure holds, "leaf" for none, "free" for any Groovy. */
class Grammar {
  static final List<String> CONDITIONS = [
    'always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup',
  ]
  static final Map<String, Map<String, String>> SECTIONS = [
    pipeline: [agent: 'agent', parameters: 'parameters', options: 'options', environment: 'environment', triggers: 'triggers',
      stages: 'stages', post: 'post'],
    agent: [label: 'leaf', none: 'leaf', any: 'leaf'],
    parameters: [choice: 'leaf', string: 'leaf', booleanParam: 'leaf', text: 'leaf', password: 'leaf'],
    triggers: [cron: 'leaf', pollSCM: 'leaf', upstream: 'leaf'],
    options: [buildDiscarder: 'leaf', disableConcurrentBuilds: 'leaf', disableRestartFromStage: 'leaf', lock: 'leaf', timeout: 'leaf', timestamps: 'leaf',
      retry: 'leaf', skipDefaultCheckout: 'leaf', skipStagesAfterUnstable: 'leaf', preserveStashes: 'leaf'],
    stages: [stage: 'stage'],
    stage: [agent: 'agent', environment: 'environment', options: 'stageOptions', when: 'when', steps: 'steps', stages: 'stages',
      post: 'post'],
    stageOptions: [lock: 'leaf', timeout: 'leaf', timestamps: 'leaf', retry: 'leaf', skipDefaultCheckout: 'leaf'],
    when: [expression: 'free', beforeAgent: 'leaf', not: 'when', allOf: 'when', anyOf: 'when'],
    post: CONDITIONS.collectEntries { condition -> [(condition): 'steps'] },
  ]
}

/** Refuses at compile time what Jenkins' own validator refuses. */
class Validator extends CompilationCustomizer {
  private SourceUnit source

  Validator() {
    super(CompilePhase.CONVERSION)
  }

  void call(SourceUnit unit, GeneratorContext context, ClassNode node) {
    source = unit
    (node.module.imports + node.module.starImports).each { refuse(it, 'import is not allowed in the sandbox') }
    def visitor = new CodeVisitorSupport() {
      void visitConstructorCallExpression(ConstructorCallExpression call) {
        refuse(call, "new ${call.type.name} is not allowed in the sandbox")
      }
    }
    node.module.methods.each { it.code.visit(visitor) }
    node.module.statementBlock.visit(visitor)
    def statements = node.module.statementBlock.statements.findAll { it instanceof ExpressionStatement }
    def blocks = statements.findAll { it.expression instanceof MethodCallExpression && it.expression.methodAsString == 'pipeline' }
    if (blocks.size() != 1 || statements.size() != 1) {
      refuse(node, 'a Jenkinsfile has one pipeline block, and beside it only functions')
    }
    blocks.each { section('pipeline', body(it.expression)) }
  }

  private void refuse(node, String why) {
    source.errorCollector.addErrorAndContinue(new SimpleMessage("line ${node.lineNumber}: ${why}", source))
  }

  private ClosureExpression body(MethodCallExpression call) {
    def last = call.arguments.expressions ? call.arguments.expressions.last() : null
    return last instanceof ClosureExpression ? last : null
  }

  private void section(String kind, ClosureExpression closure) {
    if (closure == null || kind in ['leaf', 'free']) {
      return
    }
    List<String> seen = []
    closure.code.statements.each { statement ->
      def expression = statement instanceof ExpressionStatement ? statement.expression : null
      if (kind == 'environment') {
        if (!(expression instanceof BinaryExpression && expression.operation.text == '=')) {
          refuse(statement, 'environment holds NAME = value only')
        }
        return
      }
      if (!(expression instanceof MethodCallExpression && expression.implicitThis)) {
        refuse(statement, "${kind} may hold ${kind == 'steps' ? 'steps' : 'directives'} only; put Groovy in a script step")
        return
      }
      String name = expression.methodAsString
      if (kind == 'steps') {
        section(name == 'script' ? 'free' : 'steps', body(expression))
        return
      }
      String inside = Grammar.SECTIONS[kind][name]
      if (inside == null) {
        refuse(expression, "${kind} has no directive ${name}; it has ${Grammar.SECTIONS[kind].keySet().join(', ')}")
        return
      }
      if (name in seen && kind != 'stages' && kind != 'parameters') {
        refuse(expression, "${kind} has ${name} twice")
      }
      seen << name
      section(inside, body(expression))
    }
    if (kind == 'pipeline' && !seen.containsAll(['agent', 'stages'])) {
      refuse(closure, 'pipeline needs agent and stages')
    }
    if (kind == 'stage' && ('steps' in seen) == ('stages' in seen)) {
      refuse(closure, 'a stage has either steps or stages')
    }
  }
}

class StepFailed extends RuntimeException {
  StepFailed(String message) { super(message) }
}

class Interrupted extends RuntimeException {
  Interrupted(String message) { super(message) }
}

/** A mistake in the Jenkinsfile, which Jenkins would fail on as well: never part of an expected run. */
class Misuse extends RuntimeException {
  Misuse(String message) { super(message) }
}

class Env {
  Map<String, String> base = [:]
  List<Map<String, String>> overlays = []

  Map<String, String> all() { return overlays.inject(new LinkedHashMap(base)) { all, more -> all + more } }
  def propertyMissing(String name) { return all()[name] }
  def propertyMissing(String name, value) { base[name] = value.toString() }
}

class CurrentBuild {
  static final List<String> ORDER = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'ABORTED']
  String result, description, displayName
  Map previousBuild

  String getCurrentResult() { return result ?: 'SUCCESS' }
  /** RunWrapper.getBuildCauses: what Cause.UserIdCause exports; a timer's cause has no userId. */
  List getBuildCauses() { return [[shortDescription: 'Started by timer'], [shortDescription: 'Started by user Ada', userId: 'ada']] }
  void atLeast(String worse) { result = ORDER.indexOf(worse) > ORDER.indexOf(currentResult) ? worse : result }
}

/** Collects the directives of one section; the grammar has been checked, and checks again what is computed. */
class Collector {
  String kind
  Jenkins jenkins
  List<List> found = []

  def methodMissing(String name, args) {
    if (Grammar.SECTIONS[kind]?.containsKey(name)) {
      found << [name, args as List]
      return null
    }
    if (name == 'logRotator') {
      return args[0]
    }
    if (jenkins.script.metaClass.respondsTo(jenkins.script, name, args)) {
      return jenkins.script.invokeMethod(name, args)
    }
    throw new Misuse("${kind} has no directive ${name}")
  }

  def propertyMissing(String name) { return name in ['none', 'any'] ? name : jenkins.script.getProperty(name) }

  List last(String name) { return found.findAll { it[0] == name }.collect { it[1] }.with { it ? it.last() : null } }
}

/** One run of the file, and the only thing that knows what a step does. */
class Jenkins {
  static final Map<String, List<String>> STEPS = [
    checkout: ['scm'], node: ['label'], parallel: ['branches'], catchError: ['buildResult', 'stageResult', 'message'],
    sh: ['script', 'label', 'returnStatus', 'returnStdout'], echo: ['message'], error: ['message'], unstable: ['message'],
    script: [], dir: ['path'], deleteDir: [], fileExists: ['file'], readFile: ['file'],
    stash: ['name', 'includes', 'allowEmpty'], unstash: ['name'],
    archiveArtifacts: ['artifacts', 'allowEmptyArchive', 'fingerprint'], junit: ['testResults', 'allowEmptyResults', 'skipMarkingBuildUnstable'],
    publishHTML: ['target'], input: ['message', 'ok', 'submitter', 'submitterParameter'],
    git: ['url', 'branch', 'credentialsId', 'changelog', 'poll'], mail: ['to', 'subject', 'body'],
    withCredentials: ['bindings'], withEnv: ['overrides'], timeout: ['time', 'unit'], lock: ['resource'],
  ]
  static final List<String> ANYWHERE = ['echo', 'error', 'unstable', 'script', 'input', 'mail', 'withEnv', 'timeout', 'lock', 'node', 'parallel', 'catchError']
  static final Map<String, List<String>> BINDINGS = [
    file: ['credentialsId', 'variable'], sshUserPrivateKey: ['credentialsId', 'keyFileVariable', 'usernameVariable'],
  ]
  static final List<String> REPORT = ['reportName', 'reportDir', 'reportFiles', 'keepAll', 'alwaysLinkToLastBuild', 'allowMissing']

  Script script
  Map scenario
  File home
  File tree
  File stubs
  Env env = new Env()
  CurrentBuild build = new CurrentBuild()
  List<Map> events = []
  List<Map> declared = []
  List<String> path = []
  List<String> held = []
  File here
  int agents = 0
  int commands = 0
  boolean running = false

  Map report() {
    return [
      name: scenario.name, result: build.currentResult, description: build.description, displayName: build.displayName,
      parameters: declared, events: events,
      left: (home.listFiles() as List).findAll { it.name.startsWith('agent') && (it.name.endsWith('@tmp') ? it.list() : true) }*.name,
    ]
  }

  void note(Map event) { events << [stage: path.join('/'), agent: here != null, locks: new ArrayList(held)] + event }

  Collector collect(String kind, Closure closure) {
    def collector = new Collector(kind: kind, jenkins: this)
    closure.delegate = collector
    closure.resolveStrategy = Closure.DELEGATE_ONLY
    closure()
    return collector
  }

  // ---- the declarative part

  void pipeline(Closure closure) {
    def top = collect('pipeline', closure)
    env.base.putAll([
      JOB_BASE_NAME: scenario.job, JOB_NAME: scenario.job, BUILD_NUMBER: '12', BUILD_URL: "https://jenkins.example/job/${scenario.job}/12/",
    ] + (scenario.env ?: [:]))
    build.previousBuild = scenario.previous ? [result: scenario.previous] : null
    if (top.last('parameters')) {
      collect('parameters', top.last('parameters')[0]).found.each { name, args -> declared << [type: name] + args[0] }
    }
    Map params = declared.collectEntries { [(it.name): it.choices ? it.choices[0] : it.defaultValue] } + (scenario.params ?: [:])
    script.binding.setVariable('params', params.asImmutable())
    env.base.putAll(params)
    def options = top.last('options') ? collect('options', top.last('options')[0]) : null
    options?.found?.each { name, args -> note(option: name, args: args) }
    within(options) {
      attempt {
        if (top.last('agent')[0] != 'none') {
          throw new Misuse('the harness knows agent none at the top only')
        }
        stages(top.last('stages')[0])
      }
      post(top.last('post'), build.previousBuild?.result)
    }
  }

  /** Failing decides the result; what comes after goes on only where it must. */
  boolean attempt(Closure work) {
    try {
      work()
      return true
    } catch (Interrupted stop) {
      build.atLeast('ABORTED')
      note(interrupted: stop.message)
    } catch (StepFailed failure) {
      build.atLeast('FAILURE')
      note(failed: failure.message)
    }
    return false
  }

  void within(Collector options, Closure work) {
    def locks = options?.found?.findAll { it[0] == 'lock' }?.collect { it[1][0].resource } ?: []
    held.addAll(locks)
    try {
      work()
    } finally {
      held.removeAll(locks)
    }
  }

  void stages(Closure closure) {
    collect('stages', closure).found.each { _, args ->
      stage(args[0], collect('stage', args[1]))
    }
  }

  void stage(String name, Collector parts) {
    path << name
    def options = parts.last('options') ? collect('stageOptions', parts.last('options')[0]) : null
    def limit = options?.last('timeout')
    def when = parts.last('when') ? collect('when', parts.last('when')[0]) : null
    def agent = parts.last('agent')
    boolean early = !agent || when?.last('beforeAgent')
    try {
      if (early && !wanted(when)) {
        return
      }
      note(entered: name, timeout: limit ? limit[0] : null)
      def outer = here
      within(options) {
        if (agent) {
          allocate(agent[0])
        }
        Map overlay = [:]
        if (parts.last('environment')) {
          overlay = environment(parts.last('environment')[0])
        }
        env.overlays << overlay
        try {
          if (early || wanted(when)) {
            boolean fine = attempt {
              if (parts.last('stages')) {
                stages(parts.last('stages')[0])
              } else {
                run(parts.last('steps')[0])
              }
            }
            post(parts.last('post'), null, fine)
            if (!fine) {
              throw new Stopped()
            }
          }
        } finally {
          env.overlays.pop()
          if (agent) {
            env.overlays.pop()
          }
          here = outer
        }
      }
    } finally {
      path.pop()
    }
  }

  boolean wanted(Collector when) {
    return when == null || when.found.findAll { it[0] != 'beforeAgent' }.every { name, args ->
      if (name != 'expression') {
        throw new Misuse("the harness does not know when { ${name} }")
      }
      inScript(args[0])
    }
  }

  Map environment(Closure closure) {
    Map values = [:]
    def jenkins = this
    closure.delegate = new Object() {
      void setProperty(String name, value) { values[name] = value.toString() }
      Object getProperty(String name) { return jenkins.script.getProperty(name) }
    }
    closure.resolveStrategy = Closure.DELEGATE_ONLY
    closure()
    return values
  }

  void allocate(Closure spec) {
    def label = collect('agent', spec).last('label')[0]
    agents++
    here = new File(home, "agent${agents}")
    def aside = new File(home, "agent${agents}@tmp")
    [here, aside]*.mkdirs()
    env.overlays << [WORKSPACE: here.path, WORKSPACE_TMP: aside.path]
    note(allocated: label)
  }

  /** A step that has a body of its own as an agent. Nobody else's post cleans up after it. */
  def do_node(Map args, Closure body) {
    def outer = here
    agents++
    here = new File(home, "agent${agents}")
    def aside = new File(home, "agent${agents}@tmp")
    [here, aside]*.mkdirs()
    env.overlays << [WORKSPACE: here.path, WORKSPACE_TMP: aside.path]
    note(allocated: args.label)
    try {
      return inScript(body)
    } finally {
      env.overlays.pop()
      here = outer
    }
  }

  /** ParallelStep: without failFast every branch ends, then the first failure is the step's. */
  def do_parallel(Map args, Closure body) {
    note(step: 'parallel', branches: args.branches.keySet() as List)
    def failures = []
    args.branches.each { name, branch ->
      try {
        inScript(branch)
      } catch (StepFailed | Interrupted failure) {
        failures << failure
      }
    }
    if (failures) {
      throw failures[0]
    }
  }

  /** CatchErrorStep: the build's result only becomes what buildResult says. */
  def do_catchError(Map args, Closure body) {
    try {
      inScript(body)
    } catch (StepFailed | Interrupted failure) {
      note(caught: failure.message, message: args.message)
      build.atLeast(args.buildResult ?: 'FAILURE')
    }
  }

  // ---- git: the repositories are real, so what is checked out is what git gives

  File repository(String name) {
    def made = new File(home, "${name}.git")
    if (!made.exists()) {
      made.mkdirs()
      git(made, 'init', '-q', '-b', 'main')
      if (name == 'estate') {
        // Of the tree, the commands call this alone.
        def tool = new File(made, 'bin/estate')
        tool.parentFile.mkdirs()
        tool.bytes = new File(stubs, 'estate').bytes
        tool.executable = true
        new File(made, '.gitignore').text = 'build/\n'
      }
      push(made)
    }
    return made
  }

  /** What somebody pushes: once at first, and in scenarios with push whenever somebody else has checked out. */
  void push(File repository) {
    new File(repository, 'pushed').append('.')
    git(repository, 'add', '.')
    git(repository, '-c', 'user.name=nobody', '-c', 'user.email=nobody@invalid.example', 'commit', '-q', '-m', 'push')
  }

  String git(File where, String... words) {
    def process = new ProcessBuilder(['git', *words]).directory(where).redirectErrorStream(true).start()
    String output = process.inputStream.text
    if (process.waitFor() != 0) {
      throw new StepFailed("git ${words}: ${output}")
    }
    return output.trim()
  }

  /** GitSCM.determineRevisionToBuild: the branch's head at this moment, whatever another checkout of the run had. */
  void checkOutHead(String name) {
    def from = repository(name)
    if (!new File(here, '.git').exists()) {
      git(here, 'init', '-q')
    }
    git(here, 'fetch', '-q', from.path, 'main')
    git(here, 'checkout', '-q', '--detach', 'FETCH_HEAD')
    note(step: 'checked out', repository: name, commit: git(here, 'rev-parse', 'HEAD'))
    if (scenario.push) {
      push(from)
    }
  }

  def do_checkout(Map args, Closure body) {
    if (args.scm != 'the scm of the job') {
      throw new Misuse('the harness checks out scm only')
    }
    checkOutHead('estate')
  }

  void post(List args, String previous, boolean fine = true) {
    if (!args) {
      return
    }
    String now = build.currentResult
    Map<String, Boolean> holds = [
      always: true, changed: previous != now, fixed: now == 'SUCCESS' && previous in ['UNSTABLE', 'FAILURE'],
      regression: previous == 'SUCCESS' && now != 'SUCCESS', aborted: now == 'ABORTED', failure: now == 'FAILURE',
      success: now == 'SUCCESS', unstable: now == 'UNSTABLE', unsuccessful: now != 'SUCCESS', cleanup: true,
    ]
    def wanted = collect('post', args[0]).found
    Grammar.CONDITIONS.each { condition ->
      wanted.findAll { it[0] == condition && holds[condition] }.each { name, body ->
        path << "post ${name}"
        attempt { run(body[0]) }
        path.pop()
      }
    }
  }

  // ---- the steps

  def inScript(Closure closure) {
    closure.delegate = script
    closure.resolveStrategy = Closure.DELEGATE_ONLY
    return closure()
  }

  void run(Closure closure) {
    boolean before = running
    running = true
    try {
      inScript(closure)
    } finally {
      running = before
    }
  }

  def step(String name, List given) {
    if (BINDINGS[name] && given.size() == 1 && given[0] instanceof Map && given[0].keySet() == BINDINGS[name] as Set) {
      return [binding: name] + given[0]
    }
    if (!STEPS.containsKey(name)) {
      throw new Misuse("there is no step ${name}")
    }
    if (!running) {
      throw new Misuse("step ${name} stands outside steps")
    }
    List rest = new ArrayList(given)
    Closure body = rest && rest.last() instanceof Closure ? rest.pop() : null
    Map args = [:]
    if (name == 'parallel') {
      args = [branches: rest[0]]
    } else if (rest && rest[0] instanceof Map) {
      args = rest[0]
    } else if (rest) {
      args = [(STEPS[name] ? STEPS[name][0] : 'nothing'): rest[0]]
    }
    def unknown = args.keySet() - STEPS[name]
    if (unknown || rest.size() > 1) {
      throw new Misuse("step ${name} does not know ${unknown ?: rest}")
    }
    if (here == null && !(name in ANYWHERE)) {
      throw new Misuse("step ${name} needs a workspace, and there is no agent")
    }
    args = args.collectEntries { key, value -> [(key): value instanceof GString ? value.toString() : value] }
    return "do_${name}"(args, body)
  }

  List<File> matching(String glob) {
    def matcher = FileSystems.default.getPathMatcher("glob:${glob}")
    List<File> files = []
    here.eachFileRecurse { if (it.file && matcher.matches(here.toPath().relativize(it.toPath()))) { files << it } }
    return files
  }

  def do_script(Map args, Closure body) { return inScript(body) }
  def do_echo(Map args, Closure body) { note(step: 'echo', message: args.message) }
  def do_error(Map args, Closure body) { throw new StepFailed(args.message) }

  def do_unstable(Map args, Closure body) {
    note(step: 'unstable', message: args.message)
    build.atLeast('UNSTABLE')
  }

  def do_sh(Map args, Closure body) {
    def log = new File(home, 'estate.log')
    int before = log.exists() ? log.readLines().size() : 0
    // As durable-task starts it (BourneShellScript.scriptLauncherCmd): a file, run by "sh -xe" in the background of a
    // nohup'd shell, so with HUP, INT and QUIT ignored and without a terminal; its status comes by a file.
    def control = new File(home, "durable-${++commands}")
    control.mkdirs()
    new File(control, 'script.sh').text = args.script.toString()
    def (String script, String out, String trace, String result) = ['script.sh', 'output', 'log', 'result'].collect {
      new File(control, it).path
    }
    String wrapper = "('sh' -xe '${script}' > '${out}' 2> '${trace}'; echo \$? > '${result}.tmp'; " +
      "mv '${result}.tmp' '${result}'; wait) >&- 2>&- &"
    def builder = new ProcessBuilder('nohup', 'sh', '-c', wrapper).directory(here).redirectErrorStream(true)
    builder.redirectInput(ProcessBuilder.Redirect.from(new File('/dev/null')))
    builder.environment().clear()
    env.all().each { name, value -> if (value != null) { builder.environment().put(name, value.toString()) } }
    builder.environment().putAll([PATH: '/usr/bin:/bin', HARNESS: home.path])
    builder.start().waitFor()
    long end = System.currentTimeMillis() + 60000
    while (!new File(result).exists()) {
      if (System.currentTimeMillis() > end) {
        throw new Misuse("the command never ends: ${args.script}")
      }
      sleep(2)
    }
    String output = new File(out).text
    int status = new File(result).text.trim() as int
    output += args.returnStdout ? '' : new File(trace).text
    def made = (log.exists() ? log.readLines().drop(before) : []).collect { new JsonSlurper().parseText(it) }
    note(step: 'sh', script: args.script, status: status, calls: made, output: output)
    if (args.returnStatus) {
      return status
    }
    if (status != 0) {
      throw new StepFailed("script returned exit code ${status}: ${args.script}")
    }
    return args.returnStdout ? output : null
  }

  def do_dir(Map args, Closure body) {
    File outer = here
    here = args.path.startsWith('/') ? new File(args.path) : new File(here, args.path)
    here.mkdirs()
    try {
      return inScript(body)
    } finally {
      here = outer
    }
  }

  def do_deleteDir(Map args, Closure body) {
    note(step: 'deleteDir', where: home.toPath().relativize(here.toPath()).toString())
    here.deleteDir()
  }

  def do_fileExists(Map args, Closure body) { return new File(here, args.file).exists() }

  def do_readFile(Map args, Closure body) {
    def file = new File(here, args.file)
    if (!file.exists()) {
      throw new StepFailed("there is no file ${args.file}")
    }
    return file.text
  }

  def do_stash(Map args, Closure body) {
    def files = matching(args.includes)
    if (!files && !args.allowEmpty) {
      throw new StepFailed("nothing to stash: ${args.includes}")
    }
    def store = new File(home, "stash/${args.name}")
    files.each { file ->
      def copy = new File(store, here.toPath().relativize(file.toPath()).toString())
      copy.parentFile.mkdirs()
      copy.bytes = file.bytes
    }
    note(step: 'stash', name: args.name, files: files*.name.sort())
  }

  def do_unstash(Map args, Closure body) {
    def store = new File(home, "stash/${args.name}")
    if (!store.exists()) {
      throw new StepFailed("there is no stash ${args.name}")
    }
    store.eachFileRecurse {
      if (it.file && !(scenario.lose_plan && it.name.endsWith('.json'))) {
        def copy = new File(here, store.toPath().relativize(it.toPath()).toString())
        copy.parentFile.mkdirs()
        copy.text = it.text + (scenario.tamper ? ' ' : '')
      }
    }
    note(step: 'unstash', name: args.name)
  }

  def do_archiveArtifacts(Map args, Closure body) {
    def files = matching(args.artifacts)
    if (!files && !args.allowEmptyArchive) {
      throw new StepFailed("no artifacts found: ${args.artifacts}")
    }
    note(step: 'archiveArtifacts', files: files*.name.sort())
  }

  def do_junit(Map args, Closure body) {
    def files = matching(args.testResults)
    if (!files && !args.allowEmptyResults) {
      throw new StepFailed("no test report files were found: ${args.testResults}")
    }
    note(step: 'junit', files: files*.name)
  }

  def do_publishHTML(Map args, Closure body) {
    def unknown = args.target.keySet() - REPORT
    if (unknown) {
      throw new Misuse("publishHTML does not know ${unknown}")
    }
    boolean there = new File(here, "${args.target.reportDir}/${args.target.reportFiles}").exists()
    if (!there && !args.target.allowMissing) {
      throw new StepFailed("no report ${args.target.reportFiles}")
    }
    note(step: 'publishHTML', name: args.target.reportName, file: args.target.reportFiles.toString(), there: there)
  }

  def do_input(Map args, Closure body) {
    note(step: 'input', message: args.message, submitter: args.submitter)
    if (scenario.approval == 'no') {
      throw new Interrupted('refused by Bea')
    }
    if (scenario.approval == 'timeout') {
      throw new Interrupted('timed out')
    }
    // InputStepExecution.canSettle: whoever is named, or anybody; the value is the name that was signed in by.
    return args.submitterParameter ? (scenario.approvers ? scenario.approvers.remove(0) : 'bea') : null
  }

  def do_git(Map args, Closure body) {
    note(step: 'git', url: args.url, credentialsId: args.credentialsId)
    checkOutHead('credentials')
  }

  /** MailStep: Transport.send throws where there is no server, and the step fails. */
  def do_mail(Map args, Closure body) {
    note([step: 'mail'] + args)
    if (scenario.no_mail_server) {
      throw new StepFailed("Couldn't connect to host, port: localhost, 25; timeout -1")
    }
  }

  def do_withEnv(Map args, Closure body) {
    env.overlays << args.overrides.collectEntries { it.toString().split('=', 2) as List }
    try {
      return inScript(body)
    } finally {
      env.overlays.pop()
    }
  }

  def do_withCredentials(Map args, Closure body) {
    Map overlay = args.bindings.collectEntries { binding ->
      def secret = new File(home, "secret-${binding.credentialsId}")
      secret.text = 'secret'
      Map variables = [(binding.variable ?: binding.keyFileVariable): secret.path]
      binding.usernameVariable ? variables + [(binding.usernameVariable): 'admin'] : variables
    }
    note(step: 'withCredentials', ids: args.bindings*.credentialsId)
    env.overlays << overlay
    try {
      return inScript(body)
    } finally {
      env.overlays.pop()
      args.bindings.each { binding -> new File(home, "secret-${binding.credentialsId}").delete() }
    }
  }

  def do_timeout(Map args, Closure body) { return inScript(body) }

  def do_lock(Map args, Closure body) {
    held << args.resource
    try {
      return inScript(body)
    } finally {
      held.remove(args.resource)
    }
  }
}

/** A stage has failed and its post has run: those around it fail as well, and say nothing more. */
class Stopped extends StepFailed {
  Stopped() { super('a stage failed') }
}

abstract class PipelineScript extends Script {
  // Script keeps what is set on it in its binding.
  void pipeline(Closure closure) { binding.getVariable('jenkins__').pipeline(closure) }
  def methodMissing(String name, args) { return binding.getVariable('jenkins__').step(name, args as List) }
}

def source = new File(args[0]).text
def configuration = new CompilerConfiguration(scriptBaseClass: 'PipelineScript')
configuration.addCompilationCustomizers(new Validator())
def loader = this.class.classLoader
def parse = { String text -> new GroovyShell(loader, new Binding(), configuration).parse(text, 'Jenkinsfile') }
def asItIs = null

def results = new JsonSlurper().parse(new File(args[1])).collect { scenario ->
  def home = Files.createTempDirectory('jenkins').toFile()
  try {
    (scenario.answers ?: [:]).each { target, answers ->
      new File(home, "answers.${target}").text = answers.join('\n') + '\n'
    }
    def jenkins = new Jenkins(
      scenario: scenario, home: home, stubs: new File(args[2]).absoluteFile, tree: new File(args[3]),
    )
    def script
    if (scenario.mistake) {
      def (String right, String wrong) = scenario.mistake
      assert source.contains(right)
      script = parse(source.replace(right, wrong))
    } else {
      asItIs = asItIs ?: parse(source)
      script = asItIs.class.newInstance()
    }
    jenkins.script = script
    script.binding = new Binding(jenkins__: jenkins, env: jenkins.env, currentBuild: jenkins.build,
      scm: 'the scm of the job')
    script.run()
    jenkins.report()
  } catch (RuntimeException misuse) {
    [name: scenario.name, misuse: misuse.toString()]
  } finally {
    home.deleteDir()
  }
}
println JsonOutput.toJson(results)
