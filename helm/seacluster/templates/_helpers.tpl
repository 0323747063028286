{{- define "sea.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "sea.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "sea.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "sea.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "sea.selector" -}}
{{ include "sea.ofRelease" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "sea.ofRelease" -}}
app.kubernetes.io/name: {{ include "sea.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sea.labels" -}}
{{ include "sea.ofRelease" .root }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "sea.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "sea.fullname" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- /* The CUDA image where GPUs are asked for. */ -}}
{{- define "sea.image" -}}
{{- $tag := default .root.Chart.AppVersion .root.Values.image.tag }}
{{- if .gpus }}{{ .root.Values.image.cuda.repository }}:{{ default $tag .root.Values.image.cuda.tag }}{{ else }}{{ .root.Values.image.repository }}:{{ $tag }}{{ end }}
{{- end }}

{{- define "sea.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.podSecurity.user }}
  runAsGroup: {{ .Values.podSecurity.group }}
  fsGroup: {{ .Values.podSecurity.group }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "sea.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "sea.environment" -}}
- {name: HOME, value: /tmp}
- {name: DOTNET_EnableDiagnostics, value: "0"}
{{- with .root.Values.ledger.existingSecret }}
{{- if .name }}
- name: PGPASSWORD
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .key }}}}
{{- end }}
{{- end }}
{{- if and .languageModel .root.Values.languageModel.existingSecret.name }}
- name: {{ .root.Values.languageModel.keyVariable }}
  valueFrom: {secretKeyRef: {name: {{ .root.Values.languageModel.existingSecret.name }}, key: {{ .root.Values.languageModel.existingSecret.key }}}}
{{- end }}
{{- with .root.Values.telemetry.otlpEndpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- end }}

{{- define "sea.mounts" -}}
- {name: runs, mountPath: {{ .Values.storage.path }}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.models.existingClaim }}
- {name: models, mountPath: {{ .Values.models.path }}, readOnly: true}
{{- end }}
{{- end }}

{{- define "sea.volumes" -}}
- name: runs
  persistentVolumeClaim: {claimName: {{ default (printf "%s-runs" (include "sea.fullname" .)) .Values.storage.existingClaim }}}
- name: tmp
  emptyDir: {}
{{- with .Values.models.existingClaim }}
- name: models
  persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
{{- end }}
{{- end }}

{{- define "sea.probes" -}}
startupProbe:
  httpGet: {path: /startupz, port: {{ .port }}}
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: {{ .port }}}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: {{ .port }}}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}

{{- define "sea.resources" -}}
{{- $resources := deepCopy .resources }}
{{- if .gpus }}
{{- $_ := set $resources "limits" (merge (dict .gpuResource .gpus) (default (dict) $resources.limits)) }}
{{- $_ := set $resources "requests" (merge (dict .gpuResource .gpus) (default (dict) $resources.requests)) }}
{{- end }}
{{- toYaml $resources }}
{{- end }}

{{- define "sea.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
