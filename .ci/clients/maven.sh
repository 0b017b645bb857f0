# The clients of Java packages: Maven and Gradle of the system, and newer Mavens, sbt and Coursier by way of Maven, from
# wherever it is configured to look.

system javac default-jdk-headless
system mvn maven
system gradle gradle

copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
tool=mvn
maven() {
  "$tool" --batch-mode --quiet --no-transfer-progress "-Dmaven.repo.local=$home/maven-repository" "$@"
}

# distribution <folder> <group:artifact> <version>
distribution() {
  folder=$home/$1
  mark=$folder/installed-$3
  [ -e "$mark" ] && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  maven "$copy" "-Dartifact=$2:$3:tar.gz:bin" "-DoutputDirectory=$folder"
  tar -xzf "$folder/${2#*:}-$3-bin.tar.gz" -C "$folder" --strip-components 1
  rm "$folder/${2#*:}-$3-bin.tar.gz"
  touch "$mark"
}

distribution maven-3 org.apache.maven:apache-maven 3.9.16
distribution maven-4 org.apache.maven:apache-maven 4.0.0-rc-4

# What the tests' builds need beside what they publish: the builds run once, so that it is there.
projects=$here/test/clients/maven
mark=$home/maven-repository/installed-$(cat "$here/.ci/clients/maven.sh" "$projects"/*/pom.xml "$projects"/*/*/pom.xml | cksum | cut -d ' ' -f 1)
if [ ! -e "$mark" ]; then
  work=$(mktemp -d)
  cp -R "$projects/project" "$projects/consumer" "$projects/spring" "$work"
  for tool in mvn "$home/maven-3/bin/mvn" "$home/maven-4/bin/mvn"; do
    maven -f "$work/project" deploy "-Dpackhouse.url=file://$work/deployed"
    maven -f "$work/consumer" compile
  done
  rm -rf "$home/maven-repository/com/example"
  tool=mvn
  maven -f "$work/spring" "-Dmaven.repo.local=$home/maven-spring" compile
  rm -rf "$work"
  touch "$mark"
fi
